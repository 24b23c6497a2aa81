"""`repair`: what carries the fleet's owner tag, who knows it, and what is removed. The engine is a stand-in here."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sakura_emulator.server import Running
from sakura_fleet.cli import repair as repair_module
from sakura_fleet.client import Client
from sakura_fleet.errors import BusyError
from sakura_fleet.ownership import OwnerTags, fleet_tag
from tests.unit.folder import FLEET, Folder

PUBLIC_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIN8AKyLHm0LLUxWMBKNbA4zdETB+3fP0eRNPoFYYo3cx example@sakura-fleet"


class Engine:
    """What the state and the program know."""

    state: set[str] = set()
    program: set[str] = set()
    leftovers: list[str] = []
    previews = 0
    removed_by_the_dead: set[str] = set()

    def __init__(self, *_: object) -> None: ...

    def clear_leftovers(self, _confirm: object) -> Iterator[str]:
        yield from self.leftovers

    def refresh(self) -> None:
        type(self).state = self.state - self.removed_by_the_dead

    def owner_tags_in_state(self) -> set[str]:
        return self.state

    def owner_tags_in_program(self) -> set[str]:
        type(self).previews += 1
        return self.program


@pytest.fixture(autouse=True)
def engine(monkeypatch: pytest.MonkeyPatch) -> type[Engine]:
    fresh = type("FreshEngine", (Engine,), {"state": set(), "program": set(), "leftovers": [], "previews": 0})
    monkeypatch.setattr(repair_module, "StackEngine", fresh)
    return fresh


@pytest.fixture(autouse=True)
def stack(folder: Folder, emulator: Running) -> None:
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
    assert "Remove 1 orphans?" in result.output
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
    engine.state = engine.removed_by_the_dead = {owner_tags_of("half-removed").resource}
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
