"""The emulator as a process: durability, the commands, and what they say when they cannot."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner

from sakura_emulator.main import main
from tests.emulator.support import Api
from tests.local_http import HTTP
from tests.ports import free_port
from tests.waiting import PATIENCE, wait_for

COMMAND = [sys.executable, "-m", "sakura_emulator"]


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A state folder of its own; what still runs in it is stopped."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    yield tmp_path / "state" / "sakura-fleet"
    run("stop")


@pytest.fixture
def connect() -> Iterator[Callable[[str], Api]]:
    """Clients that are closed in the end."""
    with ExitStack() as stack:

        def client(url: str) -> Api:
            api = Api(url)
            stack.callback(api.http.close)
            return api

        yield client


def run(*arguments: str, ok: bool = True) -> str:
    """One command, as a user would call it."""
    done = subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert (done.returncode == 0) is ok, done.stdout + done.stderr
    return done.stdout + done.stderr


def pid_of(output: str) -> int:
    """The process that the first line of `start` names."""
    return int(output.splitlines()[0].split("pid ")[1])


def serve(*arguments: str) -> tuple[subprocess.Popen[str], str]:
    """A server in the foreground, and its URL."""
    process = subprocess.Popen(
        [*COMMAND, "serve", "--port", "0", *arguments], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line.startswith("sakura-emulator listening on http://127.0.0.1:"), line
    url = line.split()[3]
    assert line.rstrip().endswith(f"(root {url}/cloud/zone)")
    return process, url


def end(process: subprocess.Popen[str], number: signal.Signals) -> int:
    process.send_signal(number)
    code = process.wait(PATIENCE)
    if process.stdout:
        process.stdout.close()
    return code


def content(folder: Path) -> list[bytes]:
    """What the emulator's files hold."""
    return [path.read_bytes() for path in sorted(folder.glob("cloud.db*"))]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_every_acknowledged_write_survives(
    state: Path, tmp_path: Path, number: signal.Signals, connect: Callable[[str], Api]
) -> None:
    db = str(tmp_path / "cloud.db")
    process, url = serve("--db", db, "--latency", "seed", "--time-scale", "200")
    api = connect(url)
    api.control("POST", "/clock", {"freeze": True})
    servers = {server["ID"]: server for server in (api.make_server(f"web{i}") for i in range(20))}
    disk = api.make_disk(next(iter(servers)))["ID"]
    zone = api.make_zone(records=[{"Name": "@", "Type": "A", "RData": "192.0.2.1"}])
    removed = api.make("note", "Note", Name="n")["ID"]
    api.call("DELETE", f"note/{removed}")
    api.advance(34)
    halfway = api.disk(disk)
    clock = api.control("GET", "/clock")
    code = end(process, number)
    assert code == (-9 if number is signal.SIGKILL else 0)
    process, url = serve("--db", db, "--latency", "seed")
    try:
        again = connect(url)
        assert {server["ID"]: server for server in again.get("server")["Servers"]} == {
            key: {"Index": index, **again.server(key)} for index, key in enumerate(servers)
        }
        assert {key: again.server(key)["Interfaces"] for key in servers} == {
            key: server["Interfaces"] for key, server in servers.items()
        }
        assert again.disk(disk) == halfway
        assert again.item(zone["ID"]) == zone
        assert again.send("GET", f"note/{removed}").status_code == 404
        assert again.control("GET", "/clock") == clock, "time stood still, at the speed it had"
        used = {*servers, disk, zone["ID"], removed}
        assert again.make_server("next")["ID"] > max(used), "no ID is given twice"
        assert again.make_server("next")["Interfaces"][0]["IPAddress"] not in {
            server["Interfaces"][0]["IPAddress"] for server in servers.values()
        }
    finally:
        end(process, signal.SIGKILL)


def test_time_that_a_client_saw_does_not_pass_twice(state: Path, tmp_path: Path, connect: Callable[[str], Api]) -> None:
    db = str(tmp_path / "cloud.db")
    process, url = serve("--db", db, "--time-scale", "1000000")
    first = connect(url)
    first.make("note", "Note", Name="n")
    seen = first.control("GET", "/clock")["now"]
    before = content(tmp_path)

    def saved() -> bool:
        first.get("note")
        return content(tmp_path) != before

    wait_for("a read to save the clock", saved)
    end(process, signal.SIGKILL)
    process, url = serve("--db", db, "--time-scale", "1")
    try:
        assert connect(url).control("GET", "/clock")["now"] >= seen
        assert seen > time.time(), "or this machine's clock would hide a loss"
    finally:
        end(process, signal.SIGTERM)


def test_one_file_has_one_emulator(state: Path, tmp_path: Path) -> None:
    db = str(tmp_path / "cloud.db")
    process, _ = serve("--db", db)
    try:
        assert "in use by another emulator" in run("serve", "--port", "0", "--db", db, ok=False)
        link = tmp_path / "elsewhere" / "link.db"
        link.parent.mkdir()
        link.symlink_to(db)
        assert "in use by another emulator" in run("serve", "--port", "0", "--db", str(link), ok=False)
        link.unlink()
        link.hardlink_to(db)
        refused = run("serve", "--port", "0", "--db", str(link), ok=False)
        assert f"{link} has 2 names (hard links); changes under one are lost under another" in refused
        assert "Traceback" not in refused
    finally:
        end(process, signal.SIGTERM)


def test_a_link_leads_to_the_file_and_its_journal(state: Path, tmp_path: Path, connect: Callable[[str], Api]) -> None:
    db, link = tmp_path / "cloud.db", tmp_path / "elsewhere.db"
    link.symlink_to(db)
    process, url = serve("--db", str(link))
    connect(url).make_server()
    end(process, signal.SIGKILL)
    assert (tmp_path / "cloud.db-wal").stat().st_size > 0, "the change is in the journal"
    assert not list(tmp_path.glob("elsewhere.db-*")), "which is named after the file"
    process, url = serve("--db", str(db))
    try:
        assert connect(url).get("server")["Total"] == 1
    finally:
        end(process, signal.SIGTERM)


def test_links_that_lead_in_a_circle_are_no_file(state: Path, tmp_path: Path) -> None:
    (tmp_path / "a.db").symlink_to(tmp_path / "b.db")
    (tmp_path / "b.db").symlink_to(tmp_path / "a.db")
    refused = run("serve", "--port", "0", "--db", str(tmp_path / "a.db"), ok=False)
    assert "a.db cannot be opened: " in refused
    assert "Traceback" not in refused


def test_a_file_of_something_else_is_left_alone(state: Path, tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("these are my notes, not a database\n" * 50)
    assert "is not a database of the emulator" in run("serve", "--port", "0", "--db", str(path), ok=False)
    assert path.read_text().startswith("these are my notes")


def test_start_and_stop_twice(state: Path, connect: Callable[[str], Api]) -> None:
    first = run("start", "--port", "0")
    assert "started: http://127.0.0.1:" in first
    url = first.split()[2]
    assert connect(url).make_server()["ID"]
    again = run("start", "--port", "0")
    assert "is already running" in again
    for said in (first, again):
        assert said.splitlines()[1:] == [
            f"status page {url}/ (`sakura-emulator env TOOL` prints what a tool needs to reach it)"
        ]
    assert "emulator" in HTTP.get(f"{url}/").text
    assert pid_of(first) == pid_of(again)
    port = url.rpartition(":")[2]
    assert "is already running" in run("start", "--port", port)
    assert f"is already running: {url} " in run("start"), "who names no port means the one of the database"
    report = run("status")
    assert "server 1" in report
    assert url in report
    pid = pid_of(first)
    assert f"stopped: pid {pid}" in run("stop")
    with pytest.raises(httpx.ConnectError):
        HTTP.get(f"{url}/_emulator/health")
    assert "is not running" in run("stop")
    assert "started" in run("start", "--port", "0")
    assert "server 1" in run("status"), "the cloud stayed in its file"


def test_one_that_runs_with_other_options_is_said(state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = run("start", "--port", "0", "--latency", "seed", "--health-delay", "3").split()[2]
    port = url.rpartition(":")[2]
    assert "is already running" in run("start", "--port", port), "who gives no option wants none"
    assert "is already running" in run("start", "--port", port, "--latency", "seed", "--health-delay", "3")
    assert "is already running" in run(
        "start", "--port", port, "--db", str(state / ".." / "sakura-fleet" / "emulator.db")
    )
    for arguments, words in (
        (["--latency", "instant"], "with --latency seed, not instant"),
        (["--time-scale", "60"], "with --time-scale 1.0, not 60.0"),
        (["--last-entry-status", "400"], "with --last-entry-status 409, not 400"),
        (["--seed", "7", "--drain", "1"], "with --seed 0, not 7, with --drain None, not 1.0"),
        (["--db", str(tmp_path / "other.db")], "with --db "),
        (["--token", "t", "--secret", "s"], "without a token"),
        (["--port", (elsewhere := str(free_port()))], f"there, not at http://127.0.0.1:{elsewhere}"),
    ):
        refused = run("start", "--port", port, *arguments, ok=False)
        assert f"an emulator runs at {url} (pid " in refused
        assert words in refused
        assert "`sakura-emulator stop` it first" in refused
        assert refused.rstrip().endswith("[refused]")
    run("clock", "--time-scale", "60")
    assert "is already running" in run("start", "--port", port, "--time-scale", "60"), "what counts is how it runs now"
    run("stop")
    monkeypatch.setenv("SAKURA_EMULATOR_TOKEN", "t")
    monkeypatch.setenv("SAKURA_EMULATOR_SECRET", "s")
    port = run("start", "--port", "0").split()[2].rpartition(":")[2]
    assert "is already running" in run("start", "--port", port)
    assert "with another token" in run("start", "--port", port, "--token", "other", ok=False)


def test_the_lines_of_env_reach_an_emulator_with_a_token(state: Path) -> None:
    url = run("start", "--port", "0", "--token", "t", "--secret", "s").split()[2]
    lines = run("env", "sakura-fleet")
    assert 'export SAKURA_EMULATOR_TOKEN="${SAKURA_EMULATOR_TOKEN:?' in lines
    assert HTTP.get(f"{url}/cloud/zone/is1a/api/cloud/1.1/zone", auth=("t", "s")).status_code == 200


def test_save_reset_load(state: Path, tmp_path: Path, connect: Callable[[str], Api]) -> None:
    url = run("start", "--port", "0").split()[2]
    api = connect(url)
    server = api.make_server()["ID"]
    file = tmp_path / "saved.json"
    assert "2 objects saved" in run("save", str(file))
    assert json.loads(file.read_text())["objects"]
    run("reset")
    assert api.control("GET", "/state")["total"] == 0
    assert "2 objects loaded" in run("load", str(file), "--url", f"{url}/cloud/zone")
    assert api.server(server)["Name"] == "web1"
    file.write_text("{}")
    assert "not a snapshot" in run("load", str(file), ok=False)
    for text in ("[]", "null", "1"):
        file.write_text(text)
        refused = run("load", str(file), ok=False)
        assert f"Error: {file} cannot be loaded: " in refused
        assert "Traceback" not in refused
    assert api.server(server)["Name"] == "web1", "and the cloud stays as it was"


def test_output_for_programs(state: Path, tmp_path: Path) -> None:
    def document(*arguments: str) -> dict[str, object]:
        done = subprocess.run(
            [*COMMAND, *arguments, "-o", "json"], capture_output=True, text=True, timeout=PATIENCE, check=True
        )
        found: dict[str, object] = json.loads(done.stdout)
        assert done.stderr == ""
        return found

    first = document("start", "--port", "0")
    url = first["url"]
    assert first == {
        "started": True, "url": url, "root": f"{url}/cloud/zone", "page": f"{url}/", "pid": first["pid"]
    }  # fmt: skip
    assert document("start") == {**first, "started": False}
    file = str(tmp_path / "saved.json")
    assert document("save", file) == {"ok": True, "file": file, "total": 0}
    assert document("load", file) == {"ok": True, "file": file, "total": 0}
    assert document("reset") == {"ok": True}
    assert document("stop") == {"stopped": True, "pid": first["pid"]}
    assert document("stop") == {"stopped": False, "pid": None}


def test_a_port_in_use_by_something_else(state: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert f"port {port} on 127.0.0.1 is in use" in run("serve", "--port", port, ok=False)
        assert f"port {port} on 127.0.0.1 is in use" in run("start", "--port", port, ok=False)
    assert "is not running" in run("stop")


def test_a_number_that_another_program_has_now_is_not_stopped(state: Path) -> None:
    state.mkdir(parents=True)
    stranger = subprocess.Popen(["sleep", "3600"])
    try:
        note = state / "emulator.db.run.json"
        note.write_text(json.dumps({"pid": stranger.pid, "url": "http://127.0.0.1:1"}))
        assert "is not running" in run("stop")
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_status_of_none(state: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    assert "sakura-emulator start" in run("status", "--url", url, ok=False)


def test_elsewhere_needs_a_token(state: Path) -> None:
    assert "set token and secret" in run("serve", "--host", "0.0.0.0", "--port", "0", ok=False)


def test_the_commands_reach_an_emulator_with_a_token(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAKURA_EMULATOR_TOKEN", "t")
    monkeypatch.setenv("SAKURA_EMULATOR_SECRET", "s")
    started = run("start", "--host", "0.0.0.0", "--port", "0")
    url = started.split()[2]
    assert url.startswith("http://127.0.0.1:")
    assert "is already running" in run("start", "--host", "0.0.0.0", "--port", url.rpartition(":")[2])
    assert "0 objects" in run("status")
    assert HTTP.get(f"{url}/_emulator/state").status_code == 401
    command = Path(f"/proc/{pid_of(started)}/cmdline")
    assert not command.exists() or b"--secret" not in command.read_bytes()


@pytest.mark.parametrize("name", sorted(main.commands))
def test_every_command_has_help_with_an_example(name: str) -> None:
    shown = CliRunner().invoke(main, [name, "--help"])
    assert shown.exit_code == 0
    assert f"sakura-emulator {name}" in shown.output
    assert "Example:" in shown.output
    document = Path(__file__).parents[2] / "docs" / "emulator.md"
    assert f"`{name}" in document.read_text(encoding="utf-8")


def test_every_option_and_control_route_is_in_the_document() -> None:
    from sakura_emulator.cloud import Cloud
    from sakura_emulator.control import control_routes
    from sakura_emulator.faults import ANSWER_KINDS, CHANGE_KINDS

    text = (Path(__file__).parents[2] / "docs" / "emulator.md").read_text(encoding="utf-8")
    options = {name for command in main.commands.values() for option in command.params for name in option.opts}
    cloud = Cloud()
    routes = {route.path.replace("{id:int}", ":id") for route in control_routes(cloud)}
    cloud.close()
    words = {*(name for name in options if name.startswith("--")), *routes, *ANSWER_KINDS, *CHANGE_KINDS}
    assert {word for word in words if word not in text} == set()
