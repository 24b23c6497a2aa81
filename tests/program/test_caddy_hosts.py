"""Hosts with sites in a whole run: their records in order, and HTTP/3 that goes from the record before it goes from
the host.

The emulator's servers serve nothing, so these hosts are announced unseen; `tests/host` has the others.
"""

from __future__ import annotations

import json
from typing import Any

from tests.program.fleet import Fleet

HOST: dict[str, Any] = {
    "name": "www",
    "zone": "tk1b",
    "record": "www",
    "ttl": 10,
    "ready_deadline": 0,
    "sites": [{"name": "www.example.com", "file_server": {}}, {"name": "example.com", "file_server": {}}],
}


def records(fleet: Fleet) -> dict[tuple[str, str], str]:
    (zone,) = fleet.call("GET", "commonserviceitem", zone="is1a")["CommonServiceItems"]
    return {
        (record["Name"], record["Type"]): record["RData"] for record in zone["Settings"]["DNS"]["ResourceRecordSets"]
    }


def test_a_host_that_is_there_becomes_the_stacks(fleet: Fleet) -> None:
    wanted = {"Name": "www", "ServerPlan": {"CPU": 1, "MemoryMB": 1024}, "ConnectedSwitches": [{"Scope": "shared"}]}
    server = fleet.call("POST", "server", {"Server": wanted})["Server"]["ID"]
    archives = fleet.call("GET", 'archive?{"Filter":{"Tags.Name":[["alma-9-latest"]]}}')["Archives"]
    disk = {"Name": "www-os", "Plan": {"ID": 4}, "SizeMB": 20_480, "SourceArchive": {"ID": archives[0]["ID"]}}
    fleet.call("POST", "disk", {"Disk": {**disk, "Server": {"ID": server}}})
    fleet.call("PUT", f"server/{server}/power")
    log = len(fleet.requests())
    fleet.write(size=0, hosts=[{**HOST, "adopt": server}], dns={"zone": "example.com"})
    fleet.up()
    (there,) = fleet.servers()
    assert there["ID"] == server
    assert any(tag.startswith("sfr:") for tag in there["Tags"])
    changed = {
        f"{request['method']} {request['path']}" for request in fleet.requests()[log:] if request["method"] != "GET"
    }
    assert not [call for call in changed if "/disk" in call or "/power" in call or call == "POST /server"]
    fleet.write(hosts=[HOST])
    fleet.pulumi("preview", "--refresh", "--expect-no-changes")


def test_the_life_of_a_host_by_startup_script(fleet: Fleet) -> None:
    svc = [{"name": "shop", "type": "HTTPS", "values": ["0 www.example.com."]}]
    fleet.write(size=0, hosts=[HOST], dns={"zone": "example.com", "apex": "www", "record_sets": svc})
    fleet.pulumi("up", "--yes")  # with its preview
    (found,) = json.loads(fleet.pulumi("stack", "output", "hosts", "--json").stdout)
    address = found["address"]
    assert records(fleet) == {
        ("shop", "HTTPS"): "0 www.example.com.",
        ("www", "A"): address,
        ("@", "A"): address,
        ("www", "HTTPS"): f"10 . alpn=h3,h2 ipv4hint={address}",
        ("@", "HTTPS"): "0 www.example.com.",
    }
    assert found["https_record"] == records(fleet)["www", "HTTPS"]
    assert found["urls"] == ["https://www.example.com/", "https://example.com/"]
    fleet.pulumi("preview", "--refresh", "--expect-no-changes")
    state = fleet.state()["resources"]
    after = {resource["urn"].rpartition("::")[2]: str(resource.get("dependencies")) for resource in state}
    assert "::www-withdrawal" in after["www"]
    assert "::www-address" in after["www-https"]

    fleet.write(hosts=[{**HOST, "records": ["app"]}])
    assert fleet.changes()["update"] >= 3, "two record sets, and the names that may be withdrawn"

    log = fleet.requests()
    fleet.write(hosts=[{**HOST, "protocols": ["h1", "h2"]}])
    fleet.up()
    again = fleet.outputs()["hosts"][0]["address"]
    assert again != address, "other protocols are another server"
    assert records(fleet)["www", "HTTPS"] == f"10 . alpn=h2 ipv4hint={again}"
    asked = [f"{request['method']} {request['path']}" for request in fleet.requests()[len(log) :]]
    written = [n for n, call in enumerate(asked) if call.startswith("PUT") and "/commonserviceitem/" in call]
    deleted = [n for n, call in enumerate(asked) if call.startswith("DELETE") and "/server/" in call]
    assert written[0] < deleted[0], "the record first, then the host"

    fleet.pulumi("destroy", "--yes", "--skip-preview")
    assert fleet.count() == {}
