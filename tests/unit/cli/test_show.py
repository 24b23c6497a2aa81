"""`show`: what the state says beside what the cloud says. The engine is a stand-in here, but for its refusals."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from sakura_emulator.server import Running
from sakura_fleet import tokens
from sakura_fleet.cli import show as show_module
from sakura_fleet.client import Client
from sakura_fleet.ownership import OwnerTags
from tests.emulator.support import JSON, Api
from tests.unit.folder import FLEET, Folder


class Engine:
    """A stack whose state the test writes."""

    state: list[JSON] = []

    def __init__(self, *_: object) -> None: ...

    def resources(self) -> list[JSON]:
        return self.state


@pytest.fixture
def state(monkeypatch: pytest.MonkeyPatch, folder: Folder, emulator: Running) -> list[JSON]:
    """The state's resources, to be filled."""
    resources: list[JSON] = []
    monkeypatch.setattr(show_module, "StackEngine", type("FreshEngine", (Engine,), {"state": resources}))
    folder.write(api_root=emulator.api_root, rate_limit=1000)
    return resources


def folder_root(folder: Folder) -> str:
    """The API root in the stack file."""
    root: str = json.loads(folder.stack_file().read_text())["config"]["sakura-fleet:api_root"]
    return root


def owner_tags_of(name: str) -> OwnerTags:
    return OwnerTags.of(FLEET, f"urn:{name}")


def resource(token: str, object_id: str, **outputs: Any) -> JSON:
    return {"type": token, "id": object_id, "urn": f"urn:{object_id}", "outputs": outputs}


def server(client: Client, state: list[JSON], name: str) -> str:
    """A server that is up and in the state; its address."""
    made = client.servers.create(
        "is1b", name=name, core=1, memory_gb=1, tags=owner_tags_of(name).tag(()), nics=["shared"]
    )
    client.servers.power_on("is1b", made.id)
    address = client.servers.read("is1b", made.id).ip_address or ""
    state.append(
        resource(
            tokens.SERVER, made.id, name=name, zone="is1b", address=address, owner_tags=owner_tags_of(name).inputs()
        )
    )
    return address


def shown(folder: Folder) -> dict[str, list[dict[str, Any]]]:
    result = folder.run("show", "-s", "test", "-o", "json")
    assert result.exit_code == 0, result.output
    found: dict[str, list[dict[str, Any]]] = json.loads(result.output)
    return found


def elb_in_state(api: Api, state: list[JSON], addresses: list[str], *, lookup: str = "", **settings: Any) -> str:
    """An ELB with these entries of the stack's."""
    elb_id = str(api.make_elb("web-elb", Tags=[], **settings)["ID"])
    key = "" if lookup else owner_tags_of("elb").resource
    entries = [{"key": "", "address": address, "port": 80.0} for address in addresses]
    state.append(resource(tokens.ELB, elb_id, elb_id=elb_id, lookup=lookup, owner_tags=owner_tags_of("elb").inputs()))
    state.append(resource(tokens.ELB_MEMBERSHIP, "m", elb={"key": key, "id": elb_id}, entries=entries))
    return elb_id


def test_an_empty_stack(folder: Folder, state: list[JSON]) -> None:
    size = {
        "declared": 2,
        "in_state": 0,
        "note": "the stack file and the state differ: `pulumi up` makes the size good",
    }
    assert shown(folder) == {"size": [size], "servers": [], "elb_entries": [], "records": [], "duplicates": []}
    result = folder.run("show", "-s", "test")
    assert (result.exit_code, result.output) == (
        0,
        f"size:\n  declared  in_state  note\n  2         0         {size['note']}\n"
        "servers:\n  none\nelb entries:\n  none\nrecords:\n  none\nduplicates:\n  none\n",
    )


def test_servers_and_what_is_not_as_the_state_says(folder: Folder, state: list[JSON], client: Client) -> None:
    for name in ("web-001", "web-002", "web-003"):
        server(client, state, name)
    client.servers.power_off("is1b", state[1]["id"], force=True)
    client.servers.delete("is1b", state[1]["id"])
    state[2]["outputs"]["name"] = "web-009"
    state[2]["outputs"]["address"] = "192.0.2.1"
    state.append({**state[0], "delete": True})
    first, second, third = shown(folder)["servers"]
    assert (first["name"], first["zone"], first["status"], first["note"]) == ("web-001", "is1b", "up", "")
    assert first["key"] == owner_tags_of("web-001").resource
    assert (second["id"], second["status"], second["note"]) == (state[1]["id"], "", "gone from the cloud")
    assert third["note"].startswith("name is web-003 in the cloud; address is ")


def test_every_disagreement_on_a_server_is_noted_and_has_an_exit_code(
    folder: Folder, state: list[JSON], client: Client
) -> None:
    folder.write(api_root=folder_root(folder), rate_limit=1000, size=0)
    server(client, state, "web-001")
    assert shown(folder)["servers"][0]["note"] == ""
    assert folder.run("show", "-s", "test", "--exit-code").exit_code == 0
    outputs = state[0]["outputs"]
    outputs |= {"description": "web", "disks": [{}, {}], "owner_tags": owner_tags_of("another").inputs()}
    client.servers.power_off("is1b", state[0]["id"], force=True)
    assert shown(folder)["servers"][0]["note"].split("; ") == [
        "description is empty in the cloud",
        "power is down in the cloud",
        "0 of 2 disks are in the cloud",
        "its owner tags are gone: `pulumi up --refresh` puts them back",
    ]
    for output in ("table", "json"):
        assert folder.run("show", "-s", "test", "--exit-code", "-o", output).exit_code == 3
    assert folder.run("show", "-s", "test").exit_code == 0


def test_servers_that_the_state_does_not_know(folder: Folder, state: list[JSON], client: Client) -> None:
    """As after a run that was broken off: they run, and cost money."""
    for name in ("web-001", "web-002"):
        server(client, state, name)
    orphan = state.pop()
    theirs = OwnerTags.of("another fleet", "urn:web-002").tag(())
    client.servers.create("is1b", name="web-002", core=1, memory_gb=1, tags=theirs)
    known, unknown = shown(folder)["servers"]
    assert (known["name"], known["note"]) == ("web-001", "")
    assert (unknown["id"], unknown["zone"], unknown["status"]) == (orphan["id"], "is1b", "up")
    assert unknown["note"] == "not in the state; `sakura-fleet repair` has the command that removes it"


@pytest.mark.parametrize("lookup", ["", "web-elb"])
def test_entries_with_their_health(
    folder: Folder, state: list[JSON], client: Client, emulator: Running, lookup: str
) -> None:
    address, off = server(client, state, "web-001"), server(client, state, "web-002")
    client.servers.power_off("is1b", state[1]["id"], force=True)
    servers = [
        {"IPAddress": address, "Port": 80, "ServerGroup": "gr1", "Enabled": True},
        {"IPAddress": off, "Port": 80, "ServerGroup": "gr1"},
        {"IPAddress": "192.0.2.10", "Port": 80, "Enabled": False},
    ]
    api = Api(emulator.url)
    with api.http:
        elb_id = elb_in_state(api, state, [address, off, "192.0.2.20"], lookup=lookup, Servers=servers)
        rows = shown(folder)["elb_entries"]
        assert [(row["address"], row.get("health"), row.get("enabled"), row["note"]) for row in rows] == [
            (f"{address}:80", "UP", True, ""),
            (f"{off}:80", "DOWN", True, ""),
            ("192.0.2.10:80", "", False, "points at no server of the account"),
            ("192.0.2.20:80", None, None, "in the state, but not in the ELB"),
        ]
        assert (rows[0]["elb"], rows[0]["group"], rows[0]["connections"]) == ("web-elb", "gr1", 10)
        api.call("DELETE", f"commonserviceitem/{elb_id}")
    assert shown(folder)["elb_entries"] == [{"elb": elb_id, "note": "gone from the cloud"}]


def test_an_entry_that_a_broken_off_destroy_left_disabled(
    folder: Folder, state: list[JSON], client: Client, emulator: Running
) -> None:
    address = server(client, state, "web-001")
    of_others = str(client.servers.create("is1b", name="theirs", core=1, memory_gb=1, nics=["shared"]).ip_address)
    servers = [
        {"IPAddress": address, "Port": 80, "ServerGroup": "gr1", "Enabled": False},
        {"IPAddress": of_others, "Port": 80, "ServerGroup": "gr1", "Enabled": False},
    ]
    api = Api(emulator.url)
    with api.http:
        elb_in_state(api, state, [], Servers=servers)
    state[-1]["outputs"]["server_group_name"] = "gr1"
    own, theirs = shown(folder)["elb_entries"]
    assert own["note"] == "disabled, though its server is the stack's: `pulumi up --refresh` enables it"
    assert theirs["note"] == "not of this stack"


def test_records(folder: Folder, state: list[JSON], emulator: Running) -> None:
    api = Api(emulator.url)
    with api.http:
        wire: list[JSON] = [
            {"Name": "www", "Type": "A", "RData": "192.0.2.1", "TTL": 300},
            {"Name": "@", "Type": "MX", "RData": "10 mail.example.com."},
        ]
        zone = str(api.make_zone("example.com", wire)["ID"])
        own = [{"name": "www", "type": "A", "ttl": 300, "values": ["192.0.2.1", "192.0.2.2"]}]
        state.append(resource(tokens.DNS_RECORD_SETS, zone, zone_id=zone, records=own))
        rows = shown(folder)["records"]
        assert [(row["name"], row.get("ttl"), row["rdata"], row["note"]) for row in rows] == [
            ("www", 300, "192.0.2.1", ""),
            ("@", 3600, "10 mail.example.com.", "not of this stack"),
            ("www", None, "192.0.2.2", "in the state, but not in the zone"),
        ]
        api.call("DELETE", f"commonserviceitem/{zone}")
    assert shown(folder)["records"] == [{"zone": zone, "note": "gone from the cloud"}]


def test_a_second_object_of_one_resource(folder: Folder, state: list[JSON], client: Client) -> None:
    server(client, state, "web-001")
    twin = client.servers.create("is1b", name="web-001", core=1, memory_gb=1, tags=owner_tags_of("web-001").tag(()))
    client.servers.create("is1b", name="web-002", core=1, memory_gb=1, tags=owner_tags_of("web-002").tag(()))
    assert shown(folder)["duplicates"] == [
        {
            "kind": "server",
            "name": "web-001",
            "id": twin.id,
            "zone": "is1b",
            "duplicate_of": state[0]["id"],
            "note": "nothing uses it; `sakura-fleet repair` has the command that removes it",
        }
    ]


def test_the_table(folder: Folder, state: list[JSON], client: Client, emulator: Running) -> None:
    address = server(client, state, "web-001")
    api = Api(emulator.url)
    with api.http:
        elb_in_state(api, state, ["192.0.2.20"], Servers=[{"IPAddress": address, "Port": 80}])
    output = folder.run("show", "-s", "test").output.splitlines()
    lines = output[output.index("servers:") :]
    assert lines[1].split() == ["name", "id", "zone", "address", "status", "key", "note"]
    assert lines[2].split()[0] == "web-001"
    assert lines[1].index("address") == lines[2].index(address), "columns are below one another"
    entries = lines[lines.index("elb entries:") :]
    assert entries[1].split() == ["elb", "address", "group", "enabled", "health", "connections", "note"]
    assert entries[2].endswith("not of this stack")
    assert entries[3].endswith("in the state, but not in the ELB")
    assert all(line == line.rstrip() for line in lines)


def test_nothing_is_changed(folder: Folder, state: list[JSON], client: Client, emulator: Running) -> None:
    address = server(client, state, "web-001")
    api = Api(emulator.url)
    with api.http:
        elb_in_state(api, state, [address], Servers=[{"IPAddress": address, "Port": 80}])
        api.get("commonserviceitem")  # by now the log has what was before
    before = emulator.cloud.log.total
    shown(folder)
    assert {entry["method"] for entry in emulator.cloud.log.since(before)} == {"GET"}


def test_another_account_is_refused(folder: Folder, state: list[JSON], emulator: Running) -> None:
    folder.write(api_root=emulator.api_root, account_id="113000000009")
    result = folder.run("show", "-s", "test")
    assert result.exit_code == 1
    assert result.output.startswith("Error: the API key belongs to account 113000000001")


@pytest.mark.slow
def test_a_missing_passphrase_is_one_line(
    folder: Folder, emulator: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "state").mkdir()
    monkeypatch.setenv("PULUMI_BACKEND_URL", f"file://{tmp_path / 'state'}")
    monkeypatch.setenv("PULUMI_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PULUMI_SKIP_UPDATE_CHECK", "true")
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "test")
    monkeypatch.setenv("PATH", os.environ["PATH"])
    from sakura_fleet.engine.project import Project, pulumi
    from tests.unit.folder import inside

    with inside(folder.root):
        project = Project.here()
        folder.write(api_root=emulator.api_root)
        pulumi(project, "stack", "init", "test")
        for key in ("access_token", "access_token_secret"):
            pulumi(project, "config", "set", "--secret", f"sakura-fleet:{key}", "made-up", "--stack", "test")
    assert folder.run("show", "-s", "test").exit_code == 0
    for passphrase in ("", "wrong"):
        monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", passphrase)
        if not passphrase:
            monkeypatch.delenv("PULUMI_CONFIG_PASSPHRASE")
        result = folder.run("show", "-s", "test")
        assert result.exit_code == 1
        assert result.output.startswith("Error: ")
        assert "passphrase" in result.output
        assert "made-up" not in result.output
        assert len(result.output.strip().splitlines()) == 1, result.output
