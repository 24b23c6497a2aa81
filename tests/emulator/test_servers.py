"""A server's life by the clock, and what is refused on the way."""

from __future__ import annotations

import json
import socket
from urllib.parse import urlsplit

import pytest

from tests.emulator.conftest import Factory
from tests.emulator.support import SMALL, Api
from tests.waiting import PATIENCE, wait_for

COPY, BOOT, SHUTDOWN = 68, 27, 15


def test_a_new_server_is_down_and_complete(api: Api) -> None:
    server = api.make_server("web1", Tags=["web"], Description="d")
    assert server["Instance"]["Status"] == "down"
    assert server["Availability"] == "available"
    assert (server["ServerPlan"]["CPU"], server["ServerPlan"]["MemoryMB"]) == (2, 4096)
    assert server["Zone"]["Name"] == "is1b"
    assert server["Tags"] == ["web"]
    assert server["Disks"] == []
    assert api.at("tk1a").make_server()["Zone"]["Name"] == "tk1a"
    assert api.server(server["ID"]) == server


def test_disk_copy_boot_and_shutdown_take_their_time(slow: Api) -> None:
    server = slow.make_server()["ID"]
    answer = slow.send("POST", "disk", {"Disk": {"Name": "d", "SourceArchive": {"ID": slow.archive()}}})
    assert (answer.status_code, answer.json()["Success"]) == (202, "Accepted")
    disk = slow.make_disk(server)["ID"]
    assert slow.disk(disk)["Availability"] == "migrating"
    assert slow.disk(disk)["JobStatus"]["Status"] == "running"
    slow.advance(COPY / 2)
    half = slow.disk(disk)
    assert half["Availability"] == "migrating"
    assert half["MigratedMB"] == half["SizeMB"] // 2
    assert slow.refused("PUT", f"server/{server}/power") == (409, "still_creating")
    slow.advance(COPY / 2)
    copied = slow.disk(disk)
    assert (copied["Availability"], copied["MigratedMB"], copied["JobStatus"]) == ("available", 20480, None)
    slow.boot(server)
    assert slow.power(server) == "down", "the change is asynchronous"
    slow.advance(BOOT - 1)
    assert slow.power(server) == "down"
    slow.advance(1)
    up = slow.server(server)["Instance"]
    assert (up["Status"], up["BeforeStatus"]) == ("up", "down")
    assert up["Host"]["Name"]
    slow.call("DELETE", f"server/{server}/power", {})
    slow.advance(SHUTDOWN - 2)
    assert slow.power(server) == "up"
    slow.advance(1)
    assert slow.power(server) == "cleaning"
    slow.advance(1)
    assert slow.power(server) == "down"


@pytest.mark.parametrize(("zone", "seconds"), [("tk1a", 160), ("tk1b", 68), ("is1a", 68)])
def test_the_copy_depends_on_the_zone(slow: Api, zone: str, seconds: float) -> None:
    there = slow.at(zone)
    disk = there.make_disk()["ID"]
    blank = there.make("disk", "Disk", Name="blank")["ID"]
    slow.advance(seconds - 1)
    assert there.disk(disk)["Availability"] == "migrating"
    assert there.disk(blank)["Availability"] == "available"
    slow.advance(1)
    assert there.disk(disk)["Availability"] == "available"


def test_a_forced_stop_is_quick(slow: Api) -> None:
    server = slow.make_server()["ID"]
    slow.boot(server)
    slow.advance(BOOT)
    slow.call("DELETE", f"server/{server}/power", {"Force": True})
    assert slow.power(server) == "cleaning"
    assert slow.refused("DELETE", f"server/{server}/power", {"Force": True}) == (409, "conflict")
    slow.advance(1)
    assert slow.power(server) == "down"
    slow.boot(server)
    slow.advance(BOOT)
    slow.call("DELETE", f"server/{server}/power", {})
    slow.call("DELETE", f"server/{server}/power", {"Force": True})
    slow.advance(1)
    assert slow.power(server) == "down", "force also ends a stop that is under way"


def test_repeated_power_requests_are_409(slow: Api) -> None:
    server = slow.make_server()["ID"]
    assert slow.refused("DELETE", f"server/{server}/power", {"Force": True})[0] == 409
    slow.boot(server)
    assert slow.refused("PUT", f"server/{server}/power") == (409, "conflict")
    assert slow.refused("DELETE", f"server/{server}/power", {})[0] == 409
    slow.advance(BOOT)
    assert slow.refused("PUT", f"server/{server}/power") == (409, "conflict")
    slow.call("DELETE", f"server/{server}/power", {})
    assert slow.refused("DELETE", f"server/{server}/power", {})[0] == 409
    assert slow.refused("PUT", f"server/{server}/power") == (409, "conflict")


def test_deleting_needs_power_off_and_takes_the_listed_disks(slow: Api) -> None:
    server = slow.make_server()["ID"]
    kept, gone = slow.make_disk(server)["ID"], slow.make_disk(server)["ID"]
    assert slow.refused("DELETE", f"server/{server}")[0] == 409, "a disk is still copying"
    slow.advance(COPY)
    slow.boot(server)
    assert slow.refused("DELETE", f"server/{server}") == (409, "server_power_must_be_down")
    slow.advance(BOOT)
    assert slow.refused("DELETE", f"server/{server}") == (409, "server_power_must_be_down")
    slow.call("DELETE", f"server/{server}/power", {"Force": True})
    slow.advance(1)
    assert slow.refused("DELETE", f"server/{server}", {"WithDisk": [113999999999]})[0] == 400
    slow.call("DELETE", f"server/{server}", {"WithDisk": [gone]})
    assert slow.refused("GET", f"server/{server}") == (404, "not_found")
    assert slow.refused("GET", f"disk/{gone}") == (404, "not_found")
    assert slow.disk(kept)["Server"] is None
    assert slow.get("interface")["Total"] == 0
    slow.call("DELETE", f"disk/{kept}")
    assert slow.control("GET", "/state")["total"] == 0


def test_nothing_disturbs_a_copy(slow: Api) -> None:
    server = slow.make_server()["ID"]
    disk = slow.make_disk(server)["ID"]
    for method, path, body in (
        ("PUT", f"disk/{disk}/config", {"HostName": "h"}),
        ("PUT", f"disk/{disk}/resize-partition", {"Background": True}),
        ("DELETE", f"disk/{disk}/to/server", None),
        ("DELETE", f"disk/{disk}", None),
    ):
        assert slow.refused(method, path, body) == (409, "disk_is_copying")
    slow.advance(COPY)
    assert slow.refused("DELETE", f"disk/{disk}") == (409, "disconnect_b4_delete")
    slow.boot(server)
    slow.advance(BOOT)
    assert slow.refused("PUT", f"disk/{disk}/config", {})[0] == 409
    assert slow.refused("DELETE", f"disk/{disk}/to/server")[0] == 409


def test_config_in_the_background_is_a_job(slow: Api) -> None:
    disk = slow.make("disk", "Disk", Name="d")["ID"]
    slow.advance(5)
    slow.call("PUT", f"disk/{disk}/config", {"Background": True, "HostName": "h"})
    assert slow.disk(disk)["Availability"] == "migrating"
    slow.advance(5)
    assert slow.disk(disk)["Availability"] == "available"
    slow.call("PUT", f"disk/{disk}/config", {})
    assert slow.disk(disk)["Availability"] == "available"


def test_boot_at_available(slow: Api) -> None:
    server = slow.make_server()["ID"]
    disk = slow.make_disk(server, extra={"BootAtAvailable": True})["ID"]
    slow.advance(COPY)
    assert (slow.disk(disk)["Availability"], slow.power(server)) == ("available", "down")
    slow.advance(BOOT)
    assert slow.power(server) == "up"


def test_a_server_may_wait_for_its_disk(slow: Api) -> None:
    server = slow.make_server(WaitDiskMigration=True)["ID"]
    slow.make_disk(server)
    slow.boot(server)
    slow.advance(COPY + BOOT - 1)
    assert slow.power(server) == "down"
    slow.advance(1)
    assert slow.power(server) == "up"


def test_a_plan_change_gives_a_new_id(api: Api) -> None:
    server = api.make_server()
    disk = api.make_disk(server["ID"])["ID"]
    api.boot(server["ID"])
    assert api.refused("PUT", f"server/{server['ID']}/plan", {"CPU": 4, "MemoryMB": 8192})[0] == 409
    api.call("DELETE", f"server/{server['ID']}/power", {"Force": True})
    assert api.refused("PUT", f"server/{server['ID']}/plan", {"CPU": 999, "MemoryMB": 1})[0] == 400
    changed = api.call("PUT", f"server/{server['ID']}/plan", {"CPU": 4, "MemoryMB": 8192, "Commitment": "standard"})
    new = changed["Server"]
    assert new["ID"] != server["ID"]
    assert (new["ServerPlan"]["CPU"], new["ServerPlan"]["MemoryMB"]) == (4, 8192)
    assert api.refused("GET", f"server/{server['ID']}") == (404, "not_found")
    assert api.disk(disk)["Server"]["ID"] == new["ID"]
    assert new["Interfaces"] == server["Interfaces"]
    assert [disk_of_new["ID"] for disk_of_new in new["Disks"]] == [disk]


def test_every_shared_interface_has_its_own_address_and_none_comes_back(api: Api) -> None:
    seen: set[str] = set()
    for zone in ("is1a", "is1b"):
        there = api.at(zone)
        for number in range(30):
            server = there.make_server(f"s{number}")
            interface = server["Interfaces"][0]
            assert interface["Switch"]["Scope"] == "shared"
            assert interface["IPAddress"] not in seen
            seen.add(interface["IPAddress"])
            there.call("DELETE", f"server/{server['ID']}")


def test_connected_switches(api: Api) -> None:
    switch = api.make("switch", "Switch", Name="s", UserSubnet={"DefaultRoute": "192.168.0.1", "NetworkMaskLen": 24})
    server = api.make_server(ConnectedSwitches=[None, {"ID": switch["ID"]}])
    first, second = server["Interfaces"]
    assert first["Switch"] is None
    assert second["Switch"]["UserSubnet"]["DefaultRoute"] == "192.168.0.1"
    assert second["Switch"]["Subnet"] is None
    assert api.make_server(ConnectedSwitches=None)["Interfaces"] == []
    for wanted, refusal in (
        ([None, {"Scope": "shared"}], (400, "invalid_param_comb")),
        ([{"ID": 113999999999}], (404, "not_found")),
        ([{"ID": switch["ID"]}, None, {"ID": switch["ID"]}], (409, "connect_to_same_switch")),
    ):
        body = {"Server": {"Name": "s", "ServerPlan": {"CPU": 1, "MemoryMB": 1024}, "ConnectedSwitches": wanted}}
        assert api.refused("POST", "server", body) == refusal
    there = api.at("is1a")
    body = {"Server": {"Name": "s", "ServerPlan": {"CPU": 1, "MemoryMB": 1024}}}
    body["Server"]["ConnectedSwitches"] = [{"ID": switch["ID"]}]
    assert there.refused("POST", "server", body) == (404, "not_found"), "the switch is of another zone"
    assert api.control("GET", "/state")["resources"]["server"]["total"] == 2, "a refused create leaves nothing behind"


def test_refused_plans_and_disks(api: Api) -> None:
    for plan in ({"CPU": 1, "MemoryMB": 1}, {"ID": 1}, {}, {"CPU": 2, "MemoryMB": 4096, "Commitment": "x"}):
        assert api.refused("POST", "server", {"Server": {"Name": "s", "ServerPlan": plan}}) == (400, "bad_request")
    archive = {"ID": api.archive()}
    for disk, code in (
        ({"SourceArchive": {"ID": 113999999999}}, "param_res_not_found"),
        ({"Plan": {"ID": 3}}, "bad_request"),
        ({"SizeMB": 20481}, "bad_request"),
        ({"Plan": {"ID": 2}, "SizeMB": 20480}, "bad_request"),
        ({"Server": {"ID": 113999999999}}, "param_res_not_found"),
        ({"SourceArchive": archive, "SourceDisk": {"ID": 1}}, "param_res_not_found"),
        ({"Connection": "scsi"}, "invalid_format"),
    ):
        assert api.refused("POST", "disk", {"Disk": {"Name": "d", **disk}}) == (400, code), disk
    big = api.make_disk(SizeMB=40960)["ID"]
    smaller = {"Disk": {"Name": "d", "SizeMB": 20480, "SourceDisk": {"ID": big}}}
    assert api.refused("POST", "disk", smaller) == (400, "cant_resize_smaller")
    assert api.make("disk", "Disk", Name="d", SourceDisk={"ID": big})["SizeMB"] == 40960
    assert api.at("is1a").refused("POST", "disk", {"Disk": {"Name": "d", "SourceArchive": archive}})[0] == 400


@pytest.mark.parametrize(
    "config",
    [
        {"Notes": [113999999999]},
        {"SSHKeys": [{"ID": "key"}]},
        {"HostName": "h" * 65},
        {"Password": "p" * 129},
        {"UserIPAddress": "192.168.0.2"},
        {"UserIPAddress": "192.168.0", "UserSubnet": {"DefaultRoute": "192.168.0.1", "NetworkMaskLen": 24}},
    ],
)
def test_refused_edit_parameters(api: Api, config: dict[str, object]) -> None:
    assert api.refused("POST", "disk", {"Disk": {"Name": "d"}, "Config": config})[0] == 400
    disk = api.make("disk", "Disk", Name="d")["ID"]
    assert api.refused("PUT", f"disk/{disk}/config", config)[0] == 400
    assert api.get("disk")["Total"] == 1


def test_edit_parameters_may_name_notes_and_keys_that_do_not_exist(api: Api) -> None:
    unknown = {"ID": 113999999999}
    config = {"Notes": [unknown], "SSHKeys": [unknown], "SSHKey": unknown}
    disk = api.make_disk(extra={"Config": config})["ID"]
    api.call("PUT", f"disk/{disk}/config", config)


def test_editing_a_disk_shows_on_its_server(api: Api) -> None:
    switch = api.make("switch", "Switch", Name="s")["ID"]
    other = api.make("switch", "Switch", Name="t")["ID"]
    server = api.make_server(ConnectedSwitches=[{"ID": switch}, {"Scope": "user", "ID": other}])["ID"]
    subnet = {"DefaultRoute": "192.168.0.1", "NetworkMaskLen": 24}
    disk = api.make_disk(
        server, extra={"Config": {"HostName": "made", "UserIPAddress": "192.168.0.2", "UserSubnet": subnet}}
    )
    shown = api.server(server)
    first, second = shown["Interfaces"]
    assert (shown["HostName"], first["UserIPAddress"], first["Switch"]["UserSubnet"]) == ("made", "192.168.0.2", subnet)
    assert (first["IPAddress"], second["UserIPAddress"], second["Switch"]["UserSubnet"]) == (None, None, None)
    edit = {"HostName": "edited", "UserIPAddress": "192.168.0.3", "UserSubnet": subnet}
    api.call("PUT", f"disk/{disk['ID']}/config", edit)
    shown = api.server(server)
    assert (shown["HostName"], shown["Interfaces"][0]["UserIPAddress"]) == ("edited", "192.168.0.3")
    api.call("PUT", f"disk/{disk['ID']}/config", {"Password": "hunter2hunter2"})
    assert api.server(server)["Interfaces"][0]["UserIPAddress"] == "192.168.0.3", "an edit that names none keeps it"
    on_its_own = api.make("disk", "Disk", Name="d")["ID"]
    api.call("PUT", f"disk/{on_its_own}/config", edit | {"HostName": "nobody"})
    assert api.server(server)["HostName"] == "edited"


def test_the_shared_segment_has_a_user_subnet(api: Api) -> None:
    switch = api.make_server()["Interfaces"][0]["Switch"]
    assert switch["UserSubnet"] == {"DefaultRoute": switch["Subnet"]["DefaultRoute"], "NetworkMaskLen": 24}


def test_plans_with_a_gpu_or_for_a_confidential_vm_are_chosen_only_when_named(api: Api) -> None:
    def chosen(**plan: object) -> str:
        return str(api.make_server(ServerPlan=plan)["ServerPlan"]["Name"])

    assert "V100" in chosen(CPU=4, MemoryMB=56 * 1024, GPU=1)
    assert "H100" in chosen(CPU=24, MemoryMB=240 * 1024, GPU=1, GPUModel="nvidia_h100_80gbvram")
    dedicated = {"CPU": 2, "MemoryMB": 4096, "Commitment": "dedicatedcpu"}
    assert "Confidential" in chosen(**dedicated, ConfidentialVM=True)
    assert "Confidential" not in chosen(**dedicated)
    without = {"Name": "s", "ServerPlan": {"CPU": 4, "MemoryMB": 56 * 1024}}
    assert api.refused("POST", "server", {"Server": without})[0] == 400


def test_edit_parameters_are_kept_without_the_password(api: Api) -> None:
    note = api.make("note", "Note", Name="n", Content="echo @@@port@@@")["ID"]
    config = {"HostName": "web1", "Password": "hunter2-hunter2", "Notes": [{"ID": note, "Variables": {"port": "80"}}]}
    api.make_disk(extra={"Config": config})
    snapshot = str(api.control("GET", "/snapshot"))
    assert "'port': '80'" in snapshot
    assert "hunter2" not in snapshot


def test_disks_connect_and_disconnect(api: Api) -> None:
    server = api.make_server()["ID"]
    disk = api.make("disk", "Disk", Name="d")["ID"]
    assert api.refused("DELETE", f"disk/{disk}/to/server") == (409, "res_already_disconnected")
    api.call("PUT", f"disk/{disk}/to/server/{server}")
    assert api.refused("PUT", f"disk/{disk}/to/server/{server}") == (409, "res_already_connected")
    assert api.disk(disk)["ConnectionOrder"] == 1
    renamed = {"Disk": {"Name": "e", "Connection": "virtio"}}
    assert api.call("PUT", f"disk/{disk}", renamed)["Disk"]["Name"] == "e"
    moved = {"Disk": {"Connection": "ide"}}
    assert api.refused("PUT", f"disk/{disk}", moved) == (409, "disconnect_b4_update")
    api.call("DELETE", f"disk/{disk}/to/server")
    assert api.call("PUT", f"disk/{disk}", moved)["Disk"]["Connection"] == "ide"
    api.call("DELETE", f"disk/{disk}")


def test_a_server_takes_four_disks(api: Api) -> None:
    server = api.make_server()["ID"]
    disks = [api.make("disk", "Disk", Name="d", Server={"ID": server})["ID"] for _ in range(4)]
    fifth = {"Disk": {"Name": "e"}}
    attached = {"Disk": {"Name": "e", "Server": {"ID": server}}}
    assert api.refused("POST", "disk", attached) == (409, "disk_connection_limit")
    assert api.get("disk")["Total"] == 4, "a refused create leaves nothing behind"
    spare = api.call("POST", "disk", fifth)["Disk"]["ID"]
    assert api.refused("PUT", f"disk/{spare}/to/server/{server}") == (409, "disk_connection_limit")
    api.call("DELETE", f"disk/{disks[0]}/to/server")
    api.call("PUT", f"disk/{spare}/to/server/{server}")


def test_update_cdrom_vnc_and_keys(api: Api) -> None:
    server = api.make_server("web1", Tags=["a"])["ID"]
    changed = api.call("PUT", f"server/{server}", {"Server": {"Tags": ["b"], "InterfaceDriver": "e1000"}})["Server"]
    assert (changed["Name"], changed["Tags"], changed["InterfaceDriver"]) == ("web1", ["b"], "e1000")
    cdrom = api.get("cdrom")["CDROMs"][0]["ID"]
    api.call("PUT", f"server/{server}/cdrom", {"CDROM": {"ID": cdrom}})
    assert api.server(server)["Instance"]["CDROM"]["ID"] == cdrom
    api.call("DELETE", f"server/{server}/cdrom", {"CDROM": {"ID": cdrom}})
    assert api.server(server)["Instance"]["CDROM"] is None
    proxy = api.get(f"server/{server}/vnc/proxy")
    assert all(proxy[key] for key in ("Status", "Host", "IOServerHost", "Port", "Password", "VNCFile"))
    test_zone = api.at("tk1v")
    there = test_zone.make_server()["ID"]
    assert test_zone.refused("GET", f"server/{there}/vnc/proxy") == (403, "disabled_in_sandbox")
    assert api.refused("PUT", f"server/{server}/reset")[0] == 409
    api.boot(server)
    api.call("PUT", f"server/{server}/reset")
    api.call("PUT", f"server/{server}/keyboard", {"Keys": ["a"]})
    assert api.get(f"server/{server}/power")["Instance"]["Status"] == "up"


def test_the_answer_to_a_create_waits_but_the_server_is_there(emulator: Factory) -> None:
    api = emulator(latency="baseline", time_scale=0.001)  # its two seconds are half an hour
    body = json.dumps({"Server": SMALL}).encode()
    parts = urlsplit(f"{api.base}/server")
    head = (
        f"POST {parts.path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Basic dDpz\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    with socket.create_connection((str(parts.hostname), int(parts.port or 0)), timeout=PATIENCE) as line:
        line.sendall(head.encode() + body)
        wait_for("the server to be there", lambda: api.get("server")["Total"] == 1)
        line.setblocking(False)
        with pytest.raises(BlockingIOError):
            line.recv(1)


def test_time_runs_as_fast_as_told(emulator: Factory) -> None:
    api = emulator(latency="baseline", time_scale=500)
    server = api.make_server()["ID"]
    api.make_disk(server, extra={"BootAtAvailable": True})
    wait_for("83 emulated seconds, in a sixth of a second", lambda: api.power(server) == "up")


def test_the_seed_profile_answers_a_create_after_two_to_seven_seconds(emulator: Factory) -> None:
    api = emulator(latency="seed", time_scale=100)
    for _ in range(3):
        before = api.control("GET", "/clock")["now"]
        api.make_server()
        assert api.control("GET", "/clock")["now"] - before >= 2
