"""`repair`: what carries the fleet's owner tag, who knows it, and what is removed. The engine is a stand-in here."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sakura_emulator.server import Running
from sakura_fleet import tokens
from sakura_fleet.cli import repair as repair_module
from sakura_fleet.client import Client, DnsRecord, ElbEntry
from sakura_fleet.engine.job_lock import JobFolder
from sakura_fleet.engine.stack import StackLockedError
from sakura_fleet.errors import BusyError
from sakura_fleet.model.elb import ElbSettings
from sakura_fleet.ownership import OwnerTags, fleet_tag
from tests.unit.folder import FLEET, Folder

STATE = "sfs:0123456789"
PUBLIC_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIN8AKyLHm0LLUxWMBKNbA4zdETB+3fP0eRNPoFYYo3cx example@sakura-fleet"


class Engine:
    """What the state and the program know, and whether the stack's lock is held by the command."""

    state: set[str] = set()
    ids: tuple[str, ...] = ()
    is_locked = False
    program: set[str] = set()
    leftovers: list[str] = []
    previews = 0
    removed_by_the_dead: set[str] = set()

    def __init__(self, *_: object) -> None: ...

    def clear_leftovers(self, _confirm: object) -> Iterator[str]:
        yield from self.leftovers

    @contextmanager
    def locked(self, _message: str) -> Iterator[None]:
        type(self).is_locked = True
        try:
            yield
        finally:
            type(self).is_locked = False

    def refresh(self) -> None:
        type(self).state = self.state - self.removed_by_the_dead

    def identity_of_state(self) -> str:
        return STATE

    def resources(self) -> list[dict[str, Any]]:
        tagged = [{"inputs": {"owner_tags": {"resource": tag}}} for tag in self.state]
        return [*({"id": known} for known in self.ids), *tagged]

    def owner_tags_in_program(self) -> set[str]:
        type(self).previews += 1
        return self.program


@pytest.fixture(autouse=True)
def engine(monkeypatch: pytest.MonkeyPatch) -> type[Engine]:
    known = {owner_tags_of("of the state").resource}
    fresh = type("FreshEngine", (Engine,), {"state": known, "program": set(), "leftovers": [], "previews": 0})
    monkeypatch.setattr(repair_module, "StackEngine", fresh)
    return fresh


@pytest.fixture(autouse=True)
def stack(folder: Folder, emulator: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state-home"))
    folder.write(api_root=emulator.api_root, rate_limit=1000)


def owner_tags_of(name: str, fleet: str = FLEET) -> OwnerTags:
    return OwnerTags.of(fleet, f"urn:{name}")


def server(client: Client, name: str, *, zone: str = "is1b", owner_tags: OwnerTags | None = None) -> None:
    """A server that is up, with a disk."""
    tags = (owner_tags or owner_tags_of(name)).tag(())
    made = client.servers.create(zone, name=name, core=1, memory_gb=2, tags=tags, nics=["shared"])
    client.disks.create(zone, name=f"{name}-disk001", size_gb=20, plan="ssd", server_id=made.id, tags=tags)
    client.servers.power_on(zone, made.id)


def one_of_each(client: Client) -> list[str]:
    """An orphan of every kind; their names."""
    server(client, "server")
    client.disks.create("is1c", name="disk", size_gb=20, plan="ssd", tags=owner_tags_of("disk").tag(()))
    client.switches.create("tk1b", name="switch", tags=owner_tags_of("switch").tag(()))
    client.packet_filters.create("is1a", name="filter", description=owner_tags_of("filter").sign("d"))
    client.notes.create(name="note", content="#!/bin/sh\n", tags=owner_tags_of("note").tag(()))
    client.ssh_keys.create(name="key", public_key=PUBLIC_KEY, description=owner_tags_of("key").sign(""))
    return ["server", "disk", "switch", "filter", "note", "key"]


def theirs(client: Client) -> None:
    """The same of another fleet, and without any owner tag."""
    other = owner_tags_of("server", "another-fleet")
    server(client, "server", owner_tags=other)
    client.servers.create("is1b", name="server", core=1, memory_gb=1, tags=["web"])
    client.packet_filters.create("is1a", name="filter", description=other.sign("d"))
    client.ssh_keys.create(name="key", public_key=PUBLIC_KEY, description=other.sign(""))
    client.notes.create(name="note", content="#!/bin/sh\n", tags=other.tag(()))


def test_nothing_is_left_behind(folder: Folder, engine: type[Engine]) -> None:
    result = folder.run("repair", "-s", "test")
    assert (result.exit_code, engine.previews) == (0, 0)
    assert "0 objects" in result.output
    assert "nothing is left behind" in result.output


def test_what_the_state_knows_is_fine(folder: Folder, client: Client, engine: type[Engine]) -> None:
    server(client, "known")
    engine.state = {owner_tags_of("known").resource}
    result = folder.run("repair", "-s", "test")
    assert (result.exit_code, engine.previews) == (0, 0)
    assert f"1 objects carry the fleet's owner tag {fleet_tag(FLEET)}; 1 are in the state" in result.output


def test_what_only_the_program_wants_is_left_to_the_next_up(
    folder: Folder, client: Client, engine: type[Engine]
) -> None:
    server(client, "wanted")
    engine.program = {owner_tags_of("wanted").resource}
    result = folder.run("repair", "-s", "test", "--remove", "--yes")
    assert result.exit_code == 0
    assert "pending  server wanted" in result.output
    assert "the next `pulumi up` takes it over" in result.output
    assert len(client.servers.find("is1b")) == 1


def test_orphans_are_shown_and_nothing_is_removed_unasked(folder: Folder, client: Client) -> None:
    names = one_of_each(client)
    theirs(client)
    result = folder.run("repair", "-s", "test")
    assert result.exit_code == 1
    shown = [line for line in result.output.splitlines() if line.startswith("orphan")]
    assert len(shown) == len(names)
    assert all(any(f" {name} (" in line for line in shown) for name in names)
    assert "--remove" in result.output
    assert len(client.servers.find("is1b")) == 3


def test_orphans_are_removed_and_what_is_not_ours_stays(folder: Folder, client: Client, emulator: Running) -> None:
    theirs(client)
    before = emulator.cloud.counts()
    one_of_each(client)
    result = folder.run("repair", "-s", "test", "--remove", "--yes")
    assert result.exit_code == 0, result.output
    assert result.output.count("removed  ") == 6
    assert emulator.cloud.counts() == before


@pytest.mark.parametrize(("answer", "left"), [("y\n", 0), ("n\n", 1)])
def test_removing_asks_first(folder: Folder, client: Client, answer: str, left: int) -> None:
    server(client, "orphan")
    result = folder.run("repair", "-s", "test", "--remove", answer=answer)
    assert "Remove 1 objects?" in result.output
    assert len(client.servers.find("is1b")) == left
    assert result.exit_code == (1 if left else 0)


def test_a_foreign_disk_on_an_orphan_is_kept(folder: Folder, client: Client) -> None:
    server(client, "orphan")
    (orphan,) = client.servers.find("is1b")
    disk = client.disks.create("is1b", name="theirs", size_gb=20, plan="ssd")
    client.servers.power_off("is1b", orphan.id, force=True)
    client.disks.connect("is1b", disk.id, orphan.id)
    folder.run("repair", "-s", "test", "--remove", "--yes")
    assert [kept.name for kept in client.disks.find("is1b")] == ["theirs"]


def test_what_a_dead_process_left_is_reported(folder: Folder, engine: type[Engine]) -> None:
    engine.leftovers = ["cleared  the lock of somebody, which is dead"]
    assert "cleared  the lock of somebody" in folder.run("repair", "-s", "test").output


def test_the_state_of_a_dead_process_is_refreshed_before_it_is_compared(
    folder: Folder, client: Client, engine: type[Engine]
) -> None:
    server(client, "half-removed")
    engine.removed_by_the_dead = {owner_tags_of("half-removed").resource}
    engine.state = engine.state | engine.removed_by_the_dead
    assert "1 are in the state" in folder.run("repair", "-s", "test").output
    engine.leftovers = ["cleared  the lock of somebody, which is dead"]
    result = folder.run("repair", "-s", "test")
    assert "refreshed the state from the cloud\n1 objects carry" in result.output
    assert "0 are in the state" in result.output


def test_what_is_still_in_use_says_to_run_again(folder: Folder, client: Client) -> None:
    switch = client.switches.create("is1b", name="switch", tags=owner_tags_of("switch").tag(()))
    client.servers.create("is1b", name="theirs", core=1, memory_gb=1, nics=[switch.id])
    result = folder.run("repair", "-s", "test", "--remove", "--yes")
    assert result.exit_code == 1
    assert "switch switch" in result.output
    assert "cannot be removed yet" in result.output


def test_another_account_is_refused_before_anything_is_read(folder: Folder, emulator: Running) -> None:
    folder.write(api_root=emulator.api_root, account_id="113000000009")
    result = folder.run("repair", "-s", "test", "--remove", "--yes")
    assert result.exit_code == 1
    assert "Error: the API key belongs to account 113000000001" in result.output


def test_a_stack_that_is_locked_by_a_live_process(
    folder: Folder, engine: type[Engine], monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked(*_: object, **__: object) -> Iterator[str]:
        raise BusyError("the stack test is locked by me")

    monkeypatch.setattr(engine, "clear_leftovers", locked)
    result = folder.run("repair", "-s", "test")
    assert (result.exit_code, result.output) == (1, "Error: the stack test is locked by me [busy]\n")


# What is removed on proof only


def elb(client: Client, name: str, *addresses: str, owner_tags: OwnerTags | None = None) -> str:
    """An ELB with these addresses as its entries; its ID."""
    made = client.elbs.create(
        name=name, plan=100, settings=ElbSettings(), tags=owner_tags.tag(()) if owner_tags else ()
    )
    entries = [ElbEntry(address, 80) for address in addresses]
    if entries:
        client.elbs.update_document(made, made.document.with_entries(entries, made.document.rules))
    return made.id


def removed(folder: Folder, *named: str) -> Any:
    return folder.run("repair", "-s", "test", "--remove", "--yes", *named)


def test_a_server_that_serves_is_removed_by_name_only(folder: Folder, client: Client, emulator: Running) -> None:
    server(client, "serving")
    server(client, "idle")
    serving, idle = sorted(client.servers.find("is1b"), key=lambda found: found.name != "serving")
    elb(client, "their-elb", serving.ip_address or "")
    first = removed(folder)
    assert first.exit_code == 1
    assert (
        f"server serving ({serving.id} in is1b): neither the state nor the program knows it; it serves" in first.output
    )
    assert f"`sakura-fleet repair --stack test --remove {serving.id}`" in first.output
    assert [left.id for left in client.servers.find("is1b")] == [serving.id]
    assert removed(folder, serving.id).exit_code == 0
    assert client.servers.find("is1b") == []
    assert idle.id != serving.id


def test_with_an_empty_state_nothing_is_removed_but_by_name(
    folder: Folder, client: Client, engine: type[Engine]
) -> None:
    """As with a forgotten PULUMI_BACKEND_URL, or in a second clone."""
    one_of_each(client)
    engine.state = set()
    refused = removed(folder)
    assert refused.exit_code == 1
    assert refused.output.count("the state is empty, so another one may know it") == 6
    assert "removed" not in refused.output
    (server_id,) = [found.id for found in client.servers.find("is1b")]
    assert removed(folder, server_id).output.count("removed  ") == 1
    assert client.servers.find("is1b") == []


def test_pending_objects_of_an_empty_state_are_never_called_done(
    folder: Folder, client: Client, engine: type[Engine]
) -> None:
    """As after a first `pulumi up` that was killed, and a `pulumi destroy`, which knows of nothing."""
    server(client, "wanted")
    engine.state, engine.program = set(), {owner_tags_of("wanted").resource}
    (pending,) = client.servers.find("is1b")
    result = folder.run("repair", "-s", "test")
    assert result.exit_code == 1
    assert f"costs money meanwhile; to remove it instead: `sakura-fleet repair --stack test --remove {pending.id}`" in (
        result.output
    )
    assert removed(folder, pending.id).exit_code == 0
    assert client.servers.find("is1b") == []


def test_what_is_named_must_be_among_what_is_shown(folder: Folder, client: Client, engine: type[Engine]) -> None:
    server(client, "known")
    server(client, "orphan")
    engine.state = {owner_tags_of("known").resource}
    (known,) = [found for found in client.servers.find("is1b") if found.name == "known"]
    refused = removed(folder, known.id)
    assert (refused.exit_code, len(client.servers.find("is1b"))) == (2, 2)
    assert f"{known.id}: not among the objects shown" in refused.output
    assert folder.run("repair", "-s", "test", known.id).exit_code == 2


def test_an_elb_with_entries_of_others_and_a_zone_with_records_stay(folder: Folder, client: Client) -> None:
    server(client, "orphan")
    (orphan,) = client.servers.find("is1b")
    shared = elb(client, "shared", "192.0.2.9", owner_tags=owner_tags_of("shared"))
    empty = elb(client, "empty", owner_tags=owner_tags_of("empty"))
    www = DnsRecord("www", "A", "192.0.2.9")
    client.dns_zones.create("example.com", tags=owner_tags_of("zone").tag(()), records=[www])
    result = removed(folder)
    assert result.exit_code == 1
    assert (
        f"kept     ELB shared ({shared}) still has entries of others, 192.0.2.9:80; remove them first" in result.output
    )
    assert "kept     DNS zone example.com" in result.output
    assert f"removed  ELB empty ({empty})" in result.output
    assert f"removed  server orphan ({orphan.id} in is1b)" in result.output
    assert [found.id for found in client.elbs.find()] == [shared]


def test_the_stack_is_locked_while_it_is_compared_and_removed(
    folder: Folder, client: Client, engine: type[Engine], monkeypatch: pytest.MonkeyPatch
) -> None:
    server(client, "orphan")
    held = []
    for name in ("everything", "remove_object"):
        real = getattr(repair_module, name)
        monkeypatch.setattr(
            repair_module, name, lambda *given, real=real: (held.append(engine.is_locked), real(*given))[1]
        )
    assert removed(folder).exit_code == 0
    assert held == [True, True, True]
    assert not engine.is_locked


def test_a_lock_that_comes_in_between_is_respected(
    folder: Folder, client: Client, engine: type[Engine], monkeypatch: pytest.MonkeyPatch
) -> None:
    server(client, "orphan")

    @contextmanager
    def taken(*_: object) -> Iterator[None]:
        raise StackLockedError("another run holds the stack", ())
        yield

    monkeypatch.setattr(engine, "locked", taken)
    assert removed(folder).exit_code == 1
    assert len(client.servers.find("is1b")) == 1


def test_one_job_at_a_time(folder: Folder, client: Client) -> None:
    server(client, "orphan")
    with JobFolder.of(folder.root, "test").job("up"):
        busy = removed(folder)
    assert busy.exit_code == 1
    assert "another job is at work on this stack: up" in busy.output
    assert len(client.servers.find("is1b")) == 1


# Two of one resource


def test_a_second_server_of_one_resource_is_an_orphan_and_its_twin_stays_with_its_disk(
    folder: Folder, client: Client, engine: type[Engine]
) -> None:
    for _ in range(2):
        server(client, "web-001")
    kept, second = sorted(client.servers.find("is1b"), key=lambda one: one.id, reverse=True)
    engine.state, engine.ids = {owner_tags_of("web-001").resource}, (kept.id,)
    result = folder.run("repair", "-s", "test")
    assert result.exit_code == 1
    assert (
        f"orphan   server web-001 ({second.id} in is1b): carries the owner tag of server web-001 ({kept.id} in is1b), "
        "too, and nothing uses it" in result.output
    )
    assert f"server web-001 ({kept.id} in is1b): neither" not in result.output
    result = folder.run("repair", "-s", "test", "--remove", answer="y\n")
    assert "Remove 1 objects?" in result.output
    assert [one.id for one in client.servers.find("is1b")] == [kept.id]
    assert [disk.server_id for disk in client.disks.find("is1b")] == [kept.id]


def test_of_two_that_only_the_program_wants_one_is_pending_and_the_other_an_orphan(
    folder: Folder, client: Client, engine: type[Engine]
) -> None:
    for _ in range(2):
        client.notes.create(name="note", content="#!/bin/sh\n", tags=owner_tags_of("note").tag(()))
    engine.program = {owner_tags_of("note").resource}
    result = folder.run("repair", "-s", "test", "--remove", "--yes")
    assert result.exit_code == 0
    assert result.output.count("pending  startup script note") == 1
    assert result.output.count("removed  startup script note") == 1
    assert len([note for note in client.notes.find() if note.name == "note"]) == 1


def test_a_second_disk_of_a_server_is_removed_by_its_id_once_the_server_is_down(
    folder: Folder, client: Client, engine: type[Engine]
) -> None:
    server(client, "web-001")
    (owner,) = client.servers.find("is1b")
    (first,) = client.disks.find("is1b")
    engine.state, engine.ids = {owner_tags_of("web-001").resource}, (owner.id,)
    client.servers.power_off("is1b", owner.id, force=True)
    second = client.disks.create(
        "is1b", name=first.name, size_gb=20, plan="ssd", server_id=owner.id, tags=list(first.tags)
    )
    client.servers.power_on("is1b", owner.id)
    result = removed(folder)
    assert result.exit_code == 1
    assert (
        f"orphan   disk {first.name} ({second.id} in is1b): carries the owner tag of disk {first.name} ({first.id} in "
        "is1b), too, and nothing uses it; a person may have put data on it" in result.output
    )
    assert f"kept     disk {first.name} ({second.id} in is1b) is connected to" in removed(folder, second.id).output
    client.servers.power_off("is1b", owner.id, force=True)
    assert removed(folder, second.id).exit_code == 0
    assert [disk.id for disk in client.disks.find("is1b")] == [first.id]


def test_what_another_state_has_made_is_removed_by_name_only(
    folder: Folder, client: Client, engine: type[Engine]
) -> None:
    for name, state in (("orphan", "sfs:aaaaaaaaaa"), ("wanted", "sfs:aaaaaaaaaa"), ("left", STATE)):
        server(client, name, owner_tags=replace(owner_tags_of(name), state=state))
    engine.program = {owner_tags_of("wanted").resource}
    result = removed(folder)
    assert result.exit_code == 1
    assert result.output.count("another state of this stack has made it, sfs:aaaaaaaaaa, so no `pulumi up` here") == 2
    left = client.servers.find("is1b")
    assert not re.search(rf"--remove .*({'|'.join(found.id for found in left)})", result.output), "no ready command"
    assert sorted(found.name for found in left) == ["orphan", "wanted"]
    assert removed(folder, *(found.id for found in left)).exit_code == 0
    assert client.servers.find("is1b") == []


# Entries of ELBs that point at no server


def elb_resource(elb_id: str) -> dict[str, Any]:
    """An ELB as the state has it."""
    outputs = {"elb_id": elb_id, "lookup": "", "owner_tags": owner_tags_of("elb").inputs()}
    return {"type": tokens.ELB, "id": elb_id, "outputs": outputs}


def test_an_entry_without_a_server_is_named_and_removed(
    folder: Folder, client: Client, engine: type[Engine], monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = client.servers.create("is1b", name="theirs", core=1, memory_gb=1, nics=["shared"])
    address = str(theirs.ip_address)
    own = elb(client, "own", address, "192.0.2.77", owner_tags=owner_tags_of("elb"))
    elb(client, "their-elb", "192.0.2.78")
    engine.state = {owner_tags_of("elb").resource}
    monkeypatch.setattr(engine, "resources", lambda _: [elb_resource(own)])
    shown = folder.run("repair", "-s", "test")
    assert shown.exit_code == 1
    assert f"stale    entry 192.0.2.77:80 of the ELB own ({own}): points at no server of the account" in shown.output
    assert (address in shown.output, "192.0.2.78" in shown.output) == (False, False)

    def entries() -> list[str]:
        return sorted(entry.ip_address for found in client.elbs.find() for entry in found.entries)

    assert len(entries()) == 3, "nothing is removed unasked"
    asked = folder.run("repair", "-s", "test", "--remove", answer="y\n")
    assert (asked.exit_code, "Take 1 entry out?" in asked.output) == (0, True)
    assert entries() == sorted([address, "192.0.2.78"])
    assert folder.run("repair", "-s", "test").exit_code == 0


def test_a_disabled_entry_of_the_stacks_server_is_named(
    folder: Folder, client: Client, engine: type[Engine], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a `destroy` leaves it that was killed while connections ended."""
    server(client, "web-001")
    (member,) = client.servers.find("is1b")
    own = elb(client, "own", str(member.ip_address), owner_tags=owner_tags_of("elb"))
    servers = {"type": tokens.SERVER, "id": member.id, "outputs": {"address": member.ip_address}}
    monkeypatch.setattr(engine, "resources", lambda _: [elb_resource(own), servers])
    assert "nothing is left behind" in folder.run("repair", "-s", "test").output
    found = client.elbs.read(own)
    entries = [replace(entry, enabled=False) for entry in found.entries]
    client.elbs.update_document(found, found.document.with_entries(entries, found.document.rules))
    shown = folder.run("repair", "-s", "test")
    assert f"disabled entry {member.ip_address}:80 of the ELB own ({own}): its server is the stack's" in shown.output
    assert "`pulumi up --refresh --stack test` enables them, and `pulumi destroy --stack test` goes on" in shown.output
    assert (shown.exit_code, "nothing is left behind" in shown.output) == (1, False)


# Another fleet_id


def test_what_the_state_has_made_under_another_fleet_id_is_named(
    folder: Folder, client: Client, engine: type[Engine]
) -> None:
    engine.state = set()
    other = OwnerTags.of("another-fleet", "urn:server")
    server(client, "of-this-state", owner_tags=replace(other, state=STATE))
    server(client, "of-another-state", owner_tags=replace(other, state="sfs:aaaaaaaaaa"))
    signed = replace(other, state=STATE).sign("")
    client.ssh_keys.create(name="key", public_key=PUBLIC_KEY, description=signed)
    shown = folder.run("repair", "-s", "test", "--remove", "--yes")
    assert "0 objects carry the fleet's owner tag" in shown.output
    assert "renamed  server of-this-state (" in shown.output
    assert "renamed  SSH key key (" in shown.output
    assert f"under another fleet_id, whose owner tag is {other.fleet}" in shown.output
    assert "of-another-state" not in shown.output
    assert (shown.exit_code, "nothing is left behind" in shown.output) == (1, False)
    assert len(client.servers.find("is1b")) == 2, "nothing of it is removed"


def test_as_json_the_document_is_alone_on_stdout(folder: Folder, client: Client, engine: type[Engine]) -> None:
    engine.leftovers = ["cleared a pending operation"]
    server(client, "web-1")
    shown = folder.run("repair", "-s", "test", "-o", "json")
    document = json.loads(shown.stdout)
    assert (shown.exit_code, document["ok"], document["fleet"]) == (1, False, fleet_tag(FLEET))
    assert document["cleared"] == engine.leftovers
    (found,) = document["objects"]
    assert (found["finding"], found["kind"], found["name"]) == ("orphan", "server", "web-1")
    assert (found["zone"], found["removed"]) == ("is1b", False)
    assert "orphan   server web-1 (" in shown.stderr
    removed = folder.run("repair", "-s", "test", "-o", "json", "--remove", "--yes")
    document = json.loads(removed.stdout)
    assert (removed.exit_code, document["ok"]) == (0, True)
    assert all(found["removed"] for found in document["objects"])
    assert client.servers.find("is1b") == []
