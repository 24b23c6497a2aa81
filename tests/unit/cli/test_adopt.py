"""`adopt`: what is found in the cloud, what is written, what is refused. That a run takes it over is for the program
tests."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from click.testing import Result
from jsonschema import Draft202012Validator

from sakura_emulator.server import Running, running
from sakura_fleet.engine.project import Project
from sakura_fleet.ownership import OwnerTags
from tests.emulator.support import JSON, Api
from tests.unit.folder import FLEET, PREFIX, Folder, inside

OTHERS = OwnerTags.of("another-fleet", "urn")


class Cloud(Api):
    """A cloud in which somebody has made things."""

    def at(self, zone: str) -> Cloud:
        other = Cloud(self.url, zone)
        other.http = self.http
        return other

    def web(self, *numbers: int, name: str = "web-{:03}", **fields: Any) -> list[JSON]:
        return [self.running(name.format(number), **fields) for number in numbers]

    def running(self, name: str, *, disks: int = 1, up: bool = True, **fields: Any) -> JSON:
        server = int(self.make_server(name, **fields)["ID"])
        for _ in range(disks):
            self.make_disk(server)
        if up:
            self.boot(server)
        return self.server(server)

    def elb(self, *servers: JSON, port: int = 80, **settings: Any) -> JSON:
        entries = [{"IPAddress": address(server), "Port": port, "ServerGroup": "gr1"} for server in servers]
        return self.make_elb("tk-elb", failover=False, **{"Servers": entries, **settings})

    def switch(self, **fields: Any) -> JSON:
        return self.make("switch", "Switch", **{"Name": "back", **fields})

    def note_address(self, server: JSON, ip: str) -> None:
        interface = server["Interfaces"][0]["ID"]
        self.call("PUT", f"interface/{interface}", {"Interface": {"UserIPAddress": ip}})

    def filter(self, server: JSON, *ports: int) -> JSON:
        rules = [{"Protocol": "tcp", "DestinationPort": str(port), "Action": "allow"} for port in ports]
        made = self.make("packetfilter", "PacketFilter", Name="old", Expression=rules)
        self.call("PUT", f"interface/{server['Interfaces'][0]['ID']}/to/packetfilter/{made['ID']}")
        return made


def address(server: JSON) -> str:
    return str(server["Interfaces"][0]["IPAddress"])


@pytest.fixture(scope="module")
def emulated() -> Iterator[Running]:
    """An emulator for all tests of this module; each begins with an empty cloud."""
    with running(latency="instant") as started:
        yield started


@pytest.fixture
def cloud(emulated: Running, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    monkeypatch.setattr("sakura_fleet.provider.settings.DEFAULT_RATE_LIMIT", 1_000.0)
    api = Cloud(emulated.url)
    with api.http:
        api.control("POST", "/reset")
        yield api


def adopt(folder: Folder, cloud: Cloud, *options: str, stack: str = "new") -> Result:
    root = f"{cloud.url}/cloud/zone"
    return folder.run("adopt", stack, *(() if stack == "test" else ("--api-root", root)), *options)


def written(folder: Folder, cloud: Cloud, *options: str, code: int = 0) -> tuple[dict[str, Any], list[str]]:
    """The stack file's settings, which the stack's reader accepts unless something is to be done, and what was said."""
    before = cloud.control("GET", "/log")["requests"]
    result = adopt(folder, cloud, *options)
    assert result.exit_code == code, result.output
    asked = cloud.control("GET", f"/log?since={len(before)}")["requests"]
    assert {request["method"] for request in asked} == {"GET"}
    text = folder.stack_file("new").read_text()
    assert all(f"# {line}" in text for line in result.stderr.splitlines() if not line.startswith("wrote "))
    if code == 0:
        with inside(folder.root):
            Project.here().config("new")
    config = yaml.safe_load(text)["config"]
    return {key.removeprefix(PREFIX): value for key, value in config.items()}, result.stderr.splitlines()


def refused(folder: Folder, cloud: Cloud, *options: str, stack: str = "new") -> str:
    result = adopt(folder, cloud, *options, stack=stack)
    assert result.exit_code == (2 if "[usage]" in result.stderr else 1), result.output
    assert not folder.stack_file("new").exists()
    return result.stderr


# Servers


def test_servers_by_prefix(folder: Folder, cloud: Cloud) -> None:
    second, first = cloud.web(2, 1, Tags=["shop"], Description="d")
    cloud.running("awebo-001")
    settings, said = written(folder, cloud, "--prefix", "web-")
    assert settings == {
        "fleet_id": settings["fleet_id"],
        "api_root": f"{cloud.url}/cloud/zone",
        "account_id": "113000000001",
        "size": "2",
        "server_group": {
            "name": "web",
            "zones": ["is1b"],
            "min_size": 2,
            "max_size": 2,
            "adopt": {1: str(first["ID"]), 2: str(second["ID"])},
            "template": {
                "plan": {"core": 2, "memory": 4},
                "disks": [{"os_type": "almalinux9", "plan": "ssd", "size": 20}],
                "network_interfaces": [{"upstream": "shared"}],
                "edit_parameter": {"ssh_keys": [], "startup_scripts": []},
                "description": "d",
                "tags": ["shop"],
            },
        },
    }
    assert said == [
        "wrote stacks/Pulumi.new.yaml",
        "wrote stacks/stack.schema.json, by which editors complete and check stack files",
        f"taken: server web-001 ({first['ID']} in is1b) as number 1",
        f"taken: server web-002 ({second['ID']} in is1b) as number 2",
    ]


def test_servers_by_tag_by_name_and_by_zone(folder: Folder, cloud: Cloud) -> None:
    cloud.web(1, Tags=["shop", "blue"])
    cloud.web(2, Tags=["shop"])
    cloud.at("is1c").web(3, Tags=["shop", "blue"])
    settings, _ = written(folder, cloud, "--tag", "shop", "--tag", "blue", "--zone", "is1b")
    assert list(settings["server_group"]["adopt"]) == [1]
    folder.stack_file("new").unlink()
    single = cloud.at("is1c").running("single")
    settings, said = written(folder, cloud, "--server", "web-001", "--server", str(single["ID"]), "--tag", "nobody")
    assert (settings["size"], settings["server_group"]["zones"]) == ("2", ["is1b", "is1c"])
    assert f"changes: server single ({single['ID']} in is1c) is called web-002 in the control panel; its host name" in (
        "\n".join(said)
    )


def test_a_group_over_two_zones_with_a_switch_in_each(folder: Folder, cloud: Cloud) -> None:
    upstream = {}
    for number, zone in enumerate(("is1b", "is1c"), start=1):
        here = cloud.at(zone)
        switch = here.switch(UserSubnet={"DefaultRoute": "192.168.0.254", "NetworkMaskLen": 24})
        upstream[zone] = str(switch["ID"])
        (server,) = here.web(number, ConnectedSwitches=[{"ID": switch["ID"]}])
        here.note_address(server, f"192.168.0.{10 + number}")
    settings, _ = written(folder, cloud, "--prefix", "web-")
    assert settings["server_group"]["zones"] == ["is1b", "is1c"]
    (interface,) = settings["server_group"]["template"]["network_interfaces"]
    assert interface == {
        "upstream": upstream, "assign_cidr_block": "192.168.0.10/24", "default_route": "192.168.0.254"
    }  # fmt: skip


@pytest.mark.parametrize("addresses", [("192.168.0.1", "192.168.0.9"), ("192.168.0.1", "")])
def test_addresses_that_do_not_follow_the_numbers_are_left_to_the_servers(
    folder: Folder, cloud: Cloud, addresses: tuple[str, str]
) -> None:
    switch = cloud.switch(UserSubnet={"DefaultRoute": "192.168.0.254", "NetworkMaskLen": 24})
    for server, ip in zip(cloud.web(1, 2, ConnectedSwitches=[{"ID": switch["ID"]}]), addresses, strict=True):
        cloud.note_address(server, ip)
    settings, said = written(folder, cloud, "--prefix", "web-")
    assert settings["server_group"]["template"]["network_interfaces"] == [{"upstream": str(switch["ID"])}]
    assert f"addresses on the switch (192.168.0.1, {addresses[1] or 'none noted'})" in said[-1]


def test_an_elb_needs_the_address_that_a_server_has_on_its_switch(folder: Folder, cloud: Cloud) -> None:
    switch = cloud.switch()
    first, second = cloud.web(1, 2, ConnectedSwitches=[{"ID": switch["ID"]}])
    cloud.note_address(first, "192.168.0.1")
    cloud.elb(Servers=[{"IPAddress": "192.168.0.1", "Port": 80}])
    _, said = written(folder, cloud, "--prefix", "web-", "--elb", "tk-elb", code=3)
    assert [line for line in said if line.startswith("to be done")] == [
        f"to be done: server web-002 ({second['ID']} in is1b): no address is noted at its first interface, and an ELB "
        "knows servers by it: note it in the control panel"
    ]


def test_what_most_have_is_written_and_what_others_lose_is_said(folder: Folder, cloud: Cloud) -> None:
    icon = str(cloud.get("icon")["Icons"][0]["ID"])
    cloud.web(1, 2, Tags=["shop"], Description="d", Icon={"ID": icon})
    (odd,) = cloud.web(3, Tags=["shop", "@group=a"], Description="other")
    settings, said = written(folder, cloud, "--prefix", "web-")
    template = settings["server_group"]["template"]
    assert (template["description"], template["tags"], template["icon_id"]) == ("d", ["shop"], icon)
    name = f"server web-003 ({odd['ID']} in is1b)"
    assert [line for line in said if line.startswith("changes")] == [
        f"changes: {name}: description other -> d",
        f"changes: {name}: icon none -> {icon}",
        f"changes: {name} loses @group=a: not all have these tags",
    ]


RULES = [{"protocol": "tcp", "destination_port": "80"}, {"protocol": "tcp", "destination_port": "443"}]


def interfaces(settings: dict[str, Any]) -> list[dict[str, Any]]:
    return list(settings["server_group"]["template"]["network_interfaces"])


def test_a_packet_filter_is_taken_over_with_its_rules(folder: Folder, cloud: Cloud) -> None:
    first, second, third = cloud.web(1, 2, 3)
    single, common = cloud.filter(first, 80, 443), cloud.filter(second, 80, 443)
    nic = third["Interfaces"][0]["ID"]
    cloud.call("PUT", f"interface/{nic}/to/packetfilter/{common['ID']}")
    settings, said = written(folder, cloud, "--prefix", "web-")
    assert interfaces(settings) == [
        {"upstream": "shared", "packet_filter": RULES, "adopt_packet_filter": {"is1b": str(common["ID"])}}
    ]
    assert f"taken: packet filter old ({common['ID']} in is1b)" in said
    assert f"changes: packet filter old ({common['ID']}) is called web-nic0" in said
    assert (
        f"changes: interface 0: the group's, with the same rules, takes the place of the packet filter old "
        f"({single['ID']}), which stays"
    ) in said


def test_a_packet_filter_of_others_is_not_taken(folder: Folder, cloud: Cloud) -> None:
    first, second = cloud.web(1, 2)
    shared = cloud.filter(first, 80, 443)
    theirs = cloud.filter(second, 80, 443)
    (beside,) = cloud.web(1, name="db-{}")
    cloud.call("PUT", f"interface/{beside['Interfaces'][0]['ID']}/to/packetfilter/{shared['ID']}")
    cloud.call("PUT", f"packetfilter/{theirs['ID']}", {"PacketFilter": {"Description": OTHERS.sign("")}})
    settings, said = written(folder, cloud, "--prefix", "web-")
    assert interfaces(settings) == [{"upstream": "shared", "packet_filter": RULES}]
    for packet_filter in (shared, theirs):
        assert any(
            f"takes the place of the packet filter old ({packet_filter['ID']}), which stays" in line for line in said
        )


def test_an_empty_packet_filter_goes(folder: Folder, cloud: Cloud) -> None:
    empty = cloud.filter(*cloud.web(1))
    settings, said = written(folder, cloud, "--prefix", "web-")
    assert interfaces(settings) == [{"upstream": "shared"}]
    assert said[-1] == (
        f"changes: interface 0: nothing takes the place of the packet filter old ({empty['ID']}), which stays"
    )


def test_disks(folder: Folder, cloud: Cloud) -> None:
    for number in (1, 2):
        server = int(cloud.make_server(f"web-{number:03}")["ID"])
        cloud.make_disk(server, Connection="ide")
        cloud.make_disk(server, SourceArchive=None, Plan={"ID": 2}, SizeMB=102_400)
        cloud.boot(server)
    settings, _ = written(folder, cloud, "--prefix", "web-")
    assert settings["server_group"]["template"]["disks"] == [
        {"os_type": "almalinux9", "plan": "ssd", "size": 20, "connection": "ide"},
        {"plan": "hdd", "size": 100},
    ]


def test_an_archive_that_nobody_knows_any_more_is_to_be_decided(folder: Folder, cloud: Cloud) -> None:
    (disk,) = cloud.web(1)[0]["Disks"]
    archive = cloud.make("archive", "Archive", Name="mine", SourceDisk={"ID": disk["ID"]})
    server = int(cloud.make_server("web-002")["ID"])
    cloud.make_disk(server, SourceArchive={"ID": archive["ID"]})
    cloud.boot(server)
    settings, said = written(folder, cloud, "--prefix", "web-", code=3)
    assert settings["server_group"]["template"]["disks"] == [{"plan": "ssd", "size": 20}]
    assert said[-1].startswith("to be done: server_group.template.disks[0]: from which archive")
    folder.stack_file("new").unlink()
    settings, _ = written(folder, cloud, "--server", "web-002")
    assert settings["server_group"]["template"]["disks"][0]["source_archive"] == str(archive["ID"])


def test_servers_that_are_not_alike_are_refused_with_what_differs(folder: Folder, cloud: Cloud) -> None:
    first, second = cloud.web(1, 2)
    cloud.filter(second, 22)
    (third,) = cloud.web(3, ServerPlan={"CPU": 1, "MemoryMB": 1024})
    said = refused(folder, cloud, "--prefix", "web-")
    assert "the servers differ in plan, packet filters, and a group has one template" in said
    assert f"  web-001 ({first['ID']} in is1b): plan 2 core 4 GB; packet filters none\n" in said
    assert f"  web-002 ({second['ID']} in is1b): plan 2 core 4 GB; packet filters tcp 22 allow\n" in said
    assert f"  web-003 ({third['ID']} in is1b): plan 1 core 1 GB; packet filters none\n" in said


def test_servers_on_different_switches_are_not_alike(folder: Folder, cloud: Cloud) -> None:
    switches = [str(cloud.switch()["ID"]) for _ in range(2)]
    for number, switch in enumerate(switches, start=1):
        cloud.web(number, ConnectedSwitches=[{"ID": switch}])
    said = refused(folder, cloud, "--prefix", "web-")
    assert "differ in interfaces" in said
    assert all(f"interfaces {switch}" in said for switch in switches)


def test_who_cannot_be_taken_is_left_out_or_refused_when_named(folder: Folder, cloud: Cloud) -> None:
    cloud.web(1)
    off = cloud.running("web-002", up=False)
    theirs = cloud.running("web-003", Tags=OTHERS.tag(()))
    loose = cloud.running("web-004", ConnectedSwitches=[None])
    settings, said = written(folder, cloud, "--prefix", "web-")
    assert settings["size"] == "1"
    assert [line for line in said if line.startswith("left out")] == [
        f"left out: server web-002 ({off['ID']} in is1b): it is off, and `pulumi up` would switch it on: switch it on "
        "first",
        f"left out: server web-003 ({theirs['ID']} in is1b): it belongs to another fleet, {OTHERS.fleet}",
        f"left out: server web-004 ({loose['ID']} in is1b): interface 0 is connected to nothing, which cannot be "
        "declared",
    ]
    folder.stack_file("new").unlink()
    assert f"web-002 ({off['ID']} in is1b): it is off" in refused(folder, cloud, "--server", "web-002")
    assert "none of the servers can be taken over" in refused(folder, cloud, "--prefix", "web-003")


@pytest.mark.parametrize("separator", ["\u2028", "\u2029", "\x85", "\r", "\n"])
def test_a_name_with_the_end_of_a_line_in_it_stays_in_its_comment(folder: Folder, cloud: Cloud, separator: str) -> None:
    name = f"web-002{separator}injected: true"
    cloud.web(1)
    cloud.running("x", up=False, Name=name)
    cloud.running("y", Name=name, Description=f"d{separator}injected: true")
    settings, _ = written(folder, cloud, "--prefix", "web-")
    assert settings["server_group"]["max_size"] == 2
    text = folder.stack_file("new").read_text("utf-8")
    assert set(yaml.safe_load(text)) == {"config"}
    head = text[: text.index("\nconfig:")]
    assert all(line.startswith("#") for line in head.splitlines())
    assert "injected: true" in head


def test_what_no_template_can_say_is_not_taken_over(folder: Folder, cloud: Cloud) -> None:
    cloud.web(1)
    host = cloud.make(
        "privatehost",
        "PrivateHost",
        Name="h",
        Plan={"ID": cloud.get("product/privatehost")["PrivateHostPlans"][0]["ID"]},
    )
    image = cloud.make("cdrom", "CDROM", Name="iso", SizeMB=5120)
    private = cloud.running("web-002", PrivateHost={"ID": host["ID"]})
    inserted = cloud.running("web-003")
    cloud.call("DELETE", f"cdrom/{image['ID']}/ftp")
    cloud.call("PUT", f"server/{inserted['ID']}/cdrom", {"CDROM": {"ID": image["ID"]}})
    encrypted = cloud.running("web-004", disks=0, up=False)
    disk = cloud.make_disk(int(encrypted["ID"]), EncryptionAlgorithm="aes256_xts")
    cloud.boot(int(encrypted["ID"]))
    settings, said = written(folder, cloud, "--prefix", "web-")
    assert settings["size"] == "1", "the others are left out"
    reasons = {
        f"web-002 ({private['ID']} in is1b)": f"it is on the private host {host['ID']}, which cannot be declared",
        f"web-003 ({inserted['ID']} in is1b)": f"the CD-ROM {image['ID']} is inserted, which cannot be declared: "
        "eject it first",
        f"web-004 ({encrypted['ID']} in is1b)": f"disk {disk['ID']} is encrypted, which cannot be declared: disks made "
        "later would not be",
    }
    assert [line for line in said if line.startswith("left out")] == [
        f"left out: server {server}: {reason}" for server, reason in reasons.items()
    ]
    folder.stack_file("new").unlink()
    assert reasons[f"web-004 ({encrypted['ID']} in is1b)"] in refused(folder, cloud, "--server", "web-004")
    cloud.call("DELETE", f"server/{inserted['ID']}/cdrom")
    settings, _ = written(folder, cloud, "--prefix", "web-")
    assert settings["size"] == "2", "without the CD-ROM it can be"


def test_more_tags_than_can_be_declared_are_to_be_decided(folder: Folder, cloud: Cloud) -> None:
    cloud.web(1, Tags=[f"t{number}" for number in range(8)])
    _, said = written(folder, cloud, "--prefix", "web-", code=3)
    assert said[-1].startswith("to be done: server_group.template.tags: 8 tags; at most 6")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ((), "name the servers with --prefix, --tag or --server"),
        (("--elb", "tk-elb"), "name the servers with --prefix, --tag or --server"),
        (("--prefix", "web-", "--elb-lookup"), "--elb-lookup needs --elb [usage]"),
        (("--prefix", "web-", "--dns-lookup"), "--dns-lookup and --record need --dns-zone"),
        (("--prefix", "web-", "--record", "www"), "--dns-lookup and --record need --dns-zone"),
        (("--prefix", "shop-"), "has the prefix 'shop-'; the account has web-001, web-001"),
        (("--tag", "t"), "has the tag 't'; the account has web-001, web-001"),
        (("--server", "web-009"), "has the ID or name 'web-009'; there are web-001, web-001"),
        (("--server", "web-001"), "2 servers are called 'web-001'"),
        (("--prefix", "web-", "--elb", "x"), "there is no ELB with the ID or name 'x'; the account has none"),
        (("--prefix", "web-", "--dns-zone", "example.net"), "no DNS zone example.net; the account has example.com"),
        (("--prefix", "web-", "--dns-zone", "example.com", "--record", "www"), "has no records at www"),
    ],
)
def test_options_that_mean_nothing(folder: Folder, cloud: Cloud, options: tuple[str, ...], message: str) -> None:
    cloud.web(1, 1)
    cloud.make_zone("example.com")
    assert message in refused(folder, cloud, *options)


# ELB


def test_an_elb_with_its_settings_and_the_group_s_entries(folder: Folder, cloud: Cloud) -> None:
    servers = cloud.web(1, 2)
    elb = cloud.elb(
        *servers,
        BindPorts=[{"ProxyMode": "https", "Port": 443, "SupportHttp2": True, "SSLPolicy": "TLS-1-3-2021-06"}],
        Rules=[{"Host": "app.example.com", "ServerGroup": "gr1"}],
        Timeout={"InactiveSec": 60},
        LetsEncrypt={"Enabled": True, "CommonName": "app.example.com"},
    )
    settings, said = written(folder, cloud, "--prefix", "web-", "--elb", "tk-elb")
    assert settings["elb"] == {
        "name": "tk-elb",
        "adopt": str(elb["ID"]),
        "plan": 100,
        "bind_ports": [{"proxy_mode": "https", "port": 443, "http2": True, "ssl_policy": "TLS-1-3-2021-06"}],
        "rules": [{"host": "app.example.com", "action": "forward", "server_group": "gr1"}],
        "timeout": 60,
    }
    (interface,) = settings["server_group"]["template"]["network_interfaces"]
    assert interface["expose"] == {"ports": [80], "server_group_name": "gr1"}
    assert f"taken: ELB tk-elb ({elb['ID']})" in said
    assert said[-1].startswith("note: the ELB's certificate from Let's Encrypt for app.example.com stays as it is")


def test_entries_that_do_not_fit_are_said(folder: Folder, cloud: Cloud) -> None:
    first, second, third, fourth = cloud.web(1, 2, 3, 4)
    entries = [
        {"IPAddress": address(first), "Port": 80, "ServerGroup": "gr1"},
        {"IPAddress": address(second), "Port": 80, "ServerGroup": "gr1", "Enabled": False},
        {"IPAddress": address(first), "Port": 8080, "ServerGroup": "gr2"},
        {"IPAddress": "192.0.2.1", "Port": 80, "ServerGroup": "gr1"},
        {"IPAddress": address(fourth), "Port": 80, "ServerGroup": "gr1"},
    ]
    elb = cloud.elb(Servers=entries)
    cloud.call("DELETE", f"server/{fourth['ID']}/power", {"Force": True})
    settings, said = written(folder, cloud, "--prefix", "web-", "--elb", str(elb["ID"]), "--elb-lookup")
    assert settings["elb"] == {"lookup": str(elb["ID"])}
    assert settings["server_group"]["template"]["network_interfaces"][0]["expose"]["ports"] == [80]
    shown = "\n".join(said)
    assert "left out: entry 192.0.2.1:80 of the ELB tk-elb: none of these servers" in shown
    assert f"left out: entry {address(first)}:8080 of the ELB tk-elb: its group is gr2" in shown
    assert f"changes: the disabled entry {address(second)}:80 of server web-002" in shown
    assert f"changes: server web-003 ({third['ID']} in is1b) joins the ELB tk-elb as {address(third)}:80" in shown
    assert "entries only: ELB tk-elb" in shown


def test_where_the_servers_are_beside_what_is_named_is_said(folder: Folder, cloud: Cloud) -> None:
    (server,) = cloud.web(1)
    first, second = cloud.elb(server), cloud.elb(server)
    cloud.elb()
    cloud.make_zone("example.com", [{"Name": "web", "Type": "A", "RData": address(server)}])
    cloud.make_zone("example.net", [{"Name": "web", "Type": "A", "RData": "192.0.2.1"}])
    _, said = written(folder, cloud, "--prefix", "web-")
    assert [line for line in said if line.startswith("note")] == [
        *(
            f"note: the ELB tk-elb ({elb['ID']}) has entries of these servers: --elb {elb['ID']} takes it over, "
            "--elb-lookup its entries only"
            for elb in (first, second)
        ),
        "note: the DNS zone example.com leads here at web: --dns-zone example.com takes it over, --dns-lookup these "
        "records only",
    ]
    folder.stack_file("new").unlink()
    _, said = written(folder, cloud, "--prefix", "web-", "--elb", str(first["ID"]))
    second_stays = f"the ELB tk-elb ({second['ID']}) has entries of these servers: a stack has one ELB, so they stay"
    assert any(second_stays in line for line in said)


def test_an_elb_without_entries_of_the_servers(folder: Folder, cloud: Cloud) -> None:
    cloud.web(1)
    cloud.elb()
    settings, said = written(folder, cloud, "--prefix", "web-", "--elb", "tk-elb", code=3)
    assert "expose" not in settings["server_group"]["template"]["network_interfaces"][0]
    assert any("has no entry of these servers; write the ports" in line for line in said)
    assert "[no-port]" in said[-1]


@pytest.mark.parametrize(
    ("settings", "tags", "message"),
    [
        ({"BindPorts": []}, [], "cannot be declared, as it has no port"),
        ({}, OTHERS.tag(()), "belongs to another fleet"),
    ],
)
def test_an_elb_that_cannot_be_owned(
    folder: Folder, cloud: Cloud, settings: JSON, tags: list[str], message: str
) -> None:
    elb = cloud.elb(*cloud.web(1), **settings)
    cloud.put_item(elb["ID"], Tags=tags)
    assert message in refused(folder, cloud, "--prefix", "web-", "--elb", "tk-elb")
    written(folder, cloud, "--prefix", "web-", "--elb", "tk-elb", "--elb-lookup")


def test_settings_of_an_elb_that_cannot_be_declared_are_to_be_decided(folder: Folder, cloud: Cloud) -> None:
    cloud.elb(*cloud.web(1), Rules=[{"ServerGroup": "gr1"}])
    _, said = written(folder, cloud, "--prefix", "web-", "--elb", "tk-elb", code=3)
    assert said[-1].startswith("to be done: elb.rules[0]: a rule matches by host, path")


# DNS


def test_a_zone_and_the_records_that_lead_to_what_is_taken(folder: Folder, cloud: Cloud) -> None:
    servers = cloud.web(1, 2)
    elb = cloud.elb(*servers)
    zone = cloud.make_zone(
        "example.com",
        [
            {"Name": "@", "Type": "MX", "RData": "10 mail.example.com."},
            {"Name": "app", "Type": "A", "RData": elb["Status"]["VirtualIPAddress"], "TTL": 300},
            {"Name": "app", "Type": "HTTPS", "RData": "10 . alpn=h2"},
            {"Name": "app", "Type": "TXT", "RData": "theirs"},
            *({"Name": "web", "Type": "A", "RData": address(server), "TTL": 60} for server in servers),
            {"Name": "mixed", "Type": "A", "RData": address(servers[0])},
            {"Name": "mixed", "Type": "A", "RData": "192.0.2.1"},
            {"Name": "odd", "Type": "A", "RData": address(servers[0]), "TTL": 60},
            {"Name": "odd", "Type": "A", "RData": address(servers[1]), "TTL": 70},
            {"Name": "note", "Type": "TXT", "RData": "a note"},
        ],
    )
    cloud.put_item(zone["ID"], Description="the shop's", Tags=["shop"])
    options = ("--prefix", "web-", "--elb", "tk-elb", "--dns-zone", "Example.com.", "--record", "note")
    settings, said = written(folder, cloud, *options)
    assert settings["dns"] == {
        "zone": "example.com",
        "adopt_zone": str(zone["ID"]),
        "description": "the shop's",
        "tags": ["shop"],
        "record_sets": [
            {"name": "app", "type": "A", "ttl": 300, "values": [elb["Status"]["VirtualIPAddress"]]},
            {"name": "app", "type": "HTTPS", "values": ["10 . alpn=h2"]},
            {"name": "web", "type": "A", "ttl": 60, "values": [address(server) for server in servers]},
            {"name": "note", "type": "TXT", "values": ["a note"]},
        ],
    }
    shown = "\n".join(said)
    assert "left out: record set mixed A: it also leads to 192.0.2.1" in shown
    assert "left out: record set odd A: its records have several TTLs" in shown
    assert "left out: other records of the DNS zone example.com (6) stay as they are; `pulumi destroy`" in shown
    assert "note: dns.record_sets has addresses as they are now" in shown


HTTPS_443 = {"ProxyMode": "https", "Port": 443, "SupportHttp2": True}
H2 = "10 . alpn=h2"


@pytest.mark.parametrize(
    ("port", "https", "follows"),
    [
        (HTTPS_443, H2, True),
        (HTTPS_443, "10 .", False),
        (HTTPS_443, None, False),
        ({**HTTPS_443, "SupportHttp2": False}, "10 .", True),
        ({**HTTPS_443, "SupportHttp2": False}, H2, False),
        ({**HTTPS_443, "Port": 8443}, None, True),
        ({**HTTPS_443, "Port": 8443}, H2, False),
    ],
)
def test_dns_elb_is_for_a_name_whose_records_say_what_the_elb_serves(
    folder: Folder, cloud: Cloud, port: JSON, https: str | None, follows: bool
) -> None:
    elb = cloud.elb(*cloud.web(1), BindPorts=[port])
    records: list[JSON] = [{"Name": "app", "Type": "A", "RData": elb["Status"]["VirtualIPAddress"], "TTL": 30}]
    records += [{"Name": "app", "Type": "HTTPS", "RData": https, "TTL": 30}] if https else []
    cloud.make_zone("example.com", records)
    settings, _ = written(folder, cloud, "--prefix", "web-", "--elb", "tk-elb", "--dns-zone", "example.com")
    if follows:
        assert settings["dns"]["elb"] == "app"
        assert "record_sets" not in settings["dns"]
    else:
        assert "elb" not in settings["dns"]
        listed = [(found["type"], *found["values"]) for found in settings["dns"]["record_sets"]]
        assert listed == [(record["Type"], record["RData"]) for record in records]


def test_an_elb_that_stays_somebody_else_s_is_believed_to_speak_http2(folder: Folder, cloud: Cloud) -> None:
    elb = cloud.elb(*cloud.web(1), BindPorts=[{**HTTPS_443, "SupportHttp2": False}])
    records: list[JSON] = [
        {"Name": "app", "Type": "A", "RData": elb["Status"]["VirtualIPAddress"], "TTL": 30},
        {"Name": "app", "Type": "HTTPS", "RData": H2, "TTL": 30},
    ]
    cloud.make_zone("example.com", records)
    options = ("--prefix", "web-", "--elb", "tk-elb", "--elb-lookup", "--dns-zone", "example.com")
    settings, _ = written(folder, cloud, *options)
    assert settings["dns"]["elb"] == "app"


def test_a_zone_that_stays_somebody_else_s(folder: Folder, cloud: Cloud) -> None:
    zone = cloud.make_zone("example.com", [{"Name": "web", "Type": "A", "RData": address(*cloud.web(1))}])
    cloud.put_item(zone["ID"], Tags=OTHERS.tag(()))
    options = ("--prefix", "web-", "--dns-zone", "example.com")
    assert "example.com (" in refused(folder, cloud, *options)
    settings, _ = written(folder, cloud, *options, "--dns-lookup")
    assert (settings["dns"]["lookup"], len(settings["dns"]["record_sets"])) == (True, 1)
    assert "adopt_zone" not in settings["dns"]


def test_the_name_of_an_elb_with_vip_failover(folder: Folder, cloud: Cloud) -> None:
    (server,) = cloud.web(1)
    entries = [{"IPAddress": address(server), "Port": 80}]
    ports = [{"ProxyMode": "https", "Port": 443, "SupportHttp2": True}]
    elb = cloud.make_elb("tk-elb", Servers=entries, BindPorts=ports)
    fqdn = f"{elb['Status']['FQDN']}."
    records: list[JSON] = [
        {"Name": "app", "Type": "ALIAS", "RData": fqdn, "TTL": 30},
        {"Name": "app", "Type": "HTTPS", "RData": '10 . alpn="h2"', "TTL": 30},
        {"Name": "www", "Type": "CNAME", "RData": fqdn},
    ]
    cloud.make_zone("example.com", records)
    settings, said = written(folder, cloud, "--prefix", "web-", "--elb", "tk-elb", "--dns-zone", "example.com")
    assert settings["elb"]["vip_failover"] is True
    assert settings["dns"]["elb"] == "app"
    assert settings["dns"]["record_sets"] == [{"name": "www", "type": "CNAME", "values": [fqdn]}]
    assert "taken: records of app, which follow the ELB" in said
    folder.stack_file("new").unlink()
    settings, _ = written(
        folder, cloud, "--prefix", "web-", "--elb", "tk-elb", "--elb-lookup", "--dns-zone", "example.com"
    )
    assert settings["elb"] == {"lookup": str(elb["ID"]), "vip_failover": True}
    assert settings["dns"]["elb"] == "app"


# Where it is written


def test_a_stack_that_has_a_file_gets_the_part_to_put_in(folder: Folder, cloud: Cloud) -> None:
    folder.write(api_root=f"{cloud.url}/cloud/zone", rate_limit=1000)
    before = folder.stack_file().read_text()
    schema = folder.stack_file().with_name("stack.schema.json")
    own = OwnerTags.of(FLEET, "urn")
    cloud.web(1)
    cloud.web(2, Tags=own.tag(()))
    result = adopt(folder, cloud, "--prefix", "web-", stack="test")
    assert result.exit_code == 0, result.output
    config = yaml.safe_load(result.stdout)["config"]
    assert set(config) == {f"{PREFIX}size", f"{PREFIX}server_group"}
    assert "it belongs to this fleet already" in result.stderr
    assert folder.stack_file().read_text() == before
    assert "$schema" not in result.stdout
    assert not schema.exists()

    cloud.elb()
    alone = adopt(folder, cloud, "--elb", "tk-elb", stack="test")
    assert set(yaml.safe_load(alone.stdout)["config"]) == {f"{PREFIX}elb"}
    assert (
        "--api-root: the stack test has a file" in folder.run("adopt", "test", "--elb", "x", "--api-root", "y").stderr
    )


def test_an_editor_finds_the_schema_beside_the_new_file(folder: Folder, cloud: Cloud) -> None:
    cloud.web(1)
    written(folder, cloud, "--prefix", "web-")
    file = folder.stack_file("new")
    assert file.read_text().startswith("# yaml-language-server: $schema=stack.schema.json\n# The stack new")
    schema = json.loads((file.parent / "stack.schema.json").read_text())
    assert Draft202012Validator(schema).is_valid(yaml.safe_load(file.read_text()))


def test_a_file_is_never_overwritten(folder: Folder, cloud: Cloud) -> None:
    cloud.web(1)
    target = folder.root / "part.yaml"
    for code in (0, 1):
        assert adopt(folder, cloud, "--prefix", "web-", "-f", str(target)).exit_code == code
    assert "fleet_id" in target.read_text()
    assert not folder.stack_file("new").exists()


def test_what_can_only_be_removed_or_filled_in_says_so(folder: Folder, cloud: Cloud) -> None:
    cloud.elb(*cloud.web(1, Description="of the shop:\nadopt: nobody\n"))
    cloud.make_zone("example.com")
    cloud.web(2)
    written(folder, cloud, "--server", "web-002", "--elb", "tk-elb", "--dns-zone", "example.com", code=3)
    text = folder.stack_file("new").read_text()
    assert text.count("for the first `pulumi up` only: remove it afterwards") == 3
    assert "ssh_keys: [] # cannot be read from servers" in text
    folder.stack_file("new").unlink()
    settings, _ = written(folder, cloud, "--server", "web-001")
    assert settings["server_group"]["template"]["description"] == "of the shop:\nadopt: nobody\n"
