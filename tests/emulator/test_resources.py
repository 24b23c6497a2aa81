"""Notes, keys, icons, archives, CD-ROMs, switches, interfaces, packet filters, bridges, routers."""

from __future__ import annotations

import base64
import hashlib

import pytest

from tests.emulator.conftest import Factory
from tests.emulator.support import Api

_BLOB = b"\0\0\0\x0bssh-ed25519\0\0\0\x20" + bytes(range(32))
PUBLIC_KEY = f"ssh-ed25519 {base64.b64encode(_BLOB).decode()} me@host"
PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n").decode()


def test_notes(api: Api) -> None:
    content = '#!/bin/bash\n# @sacloud-name "x"\n# @sacloud-desc first\n# @sacloud-desc second\necho @@@A@@@\n'
    note = api.make("note", "Note", Name="n", Content=content, Class="shell", Tags=["t"])
    assert note["Description"] == "first\nsecond"
    assert (note["Scope"], note["Availability"], note["Content"]) == ("user", "available", content)
    assert api.make("note", "Note", Name="n", Content="#cloud-config", Class="yaml_cloud_config")["Description"] == ""
    assert api.refused("POST", "note", {"Note": {"Name": "n", "Class": "perl"}}) == (400, "invalid_format")
    changed = api.call("PUT", f"note/{note['ID']}", {"Note": {"Content": "true"}})["Note"]
    assert (changed["Content"], changed["Tags"], changed["Description"]) == ("true", ["t"], "")


def test_ssh_keys_have_an_md5_fingerprint(api: Api) -> None:
    key = api.make("sshkey", "SSHKey", Name="k", PublicKey=PUBLIC_KEY, Description="d")
    assert key["Fingerprint"].replace(":", "") == hashlib.md5(_BLOB).hexdigest()
    assert len(key["Fingerprint"].split(":")) == 16
    changed = api.call("PUT", f"sshkey/{key['ID']}", {"SSHKey": {"Name": "m", "PublicKey": "x"}})["SSHKey"]
    assert (changed["Name"], changed["PublicKey"]) == ("m", PUBLIC_KEY)
    for wrong in ("", "ssh-ed25519", "ssh-ed25519 ???", f"ssh-rsa {base64.b64encode(_BLOB).decode()}"):
        assert api.refused("POST", "sshkey", {"SSHKey": {"Name": "k", "PublicKey": wrong}}) == (400, "invalid_format")


def test_icons(api: Api) -> None:
    icon = api.make("icon", "Icon", Name="i", Image=PNG)
    assert (icon["Scope"], icon["URL"] != "") == ("user", True)
    assert "Image" not in icon
    assert api.refused("POST", "icon", {"Icon": {"Name": "i", "Image": "AAAA"}}) == (400, "invalid_format")
    server = api.make_server(Icon={"ID": icon["ID"]})
    assert server["Icon"]["ID"] == icon["ID"]
    cleared = api.call("PUT", f"server/{server['ID']}", {"Server": {"Icon": {"ID": 0, "Tags": []}}})
    assert cleared["Server"]["Icon"] is None
    shared = api.make("note", "Note", Name="n", Icon={"ID": 112901627749})
    assert shared["Icon"]["Scope"] == "shared"


def test_archives(slow: Api) -> None:
    made = slow.send("POST", "archive", {"Archive": {"Name": "a", "SourceArchive": {"ID": slow.archive()}}})
    assert made.status_code == 202
    archive = made.json()["Archive"]
    assert (archive["Availability"], archive["SizeMB"], archive["Plan"]["ID"]) == ("migrating", 20480, 2)
    assert archive["SourceArchive"]["Availability"] == "available"
    body = {"Disk": {"Name": "d", "SourceArchive": {"ID": archive["ID"]}}}
    assert slow.refused("POST", "disk", body)[0] == 409
    slow.advance(68)
    assert slow.get(f"archive/{archive['ID']}")["Archive"]["Availability"] == "available"
    assert slow.call("POST", "disk", body)["Disk"]["SourceArchive"]["ID"] == archive["ID"]
    blank = slow.call("POST", "archive", {"Archive": {"Name": "b", "SizeMB": 20480}})
    assert blank["Archive"]["Availability"] == "uploading"
    assert all(blank["FTPServer"][key] for key in ("HostName", "IPAddress", "User", "Password"))
    unfinished = {"Disk": {"Name": "d", "SourceArchive": {"ID": blank["Archive"]["ID"]}}}
    assert slow.refused("POST", "disk", unfinished) == (409, "ftp_must_be_closed")
    copy = {"Archive": {"Name": "c", "SourceArchive": {"ID": blank["Archive"]["ID"]}}}
    assert slow.refused("POST", "archive", copy) == (409, "ftp_must_be_closed")
    slow.call("DELETE", f"archive/{blank['Archive']['ID']}/ftp")
    assert slow.get(f"archive/{blank['Archive']['ID']}")["Archive"]["Availability"] == "available"
    slow.call("DELETE", f"archive/{blank['Archive']['ID']}")


def test_cdroms(api: Api) -> None:
    made = api.call("POST", "cdrom", {"CDROM": {"Name": "c", "SizeMB": 5120}})
    assert made["FTPServer"]["Password"]
    cdrom = made["CDROM"]["ID"]
    server = api.make_server()["ID"]
    inserted = {"CDROM": {"ID": cdrom}}
    assert api.refused("PUT", f"server/{server}/cdrom", inserted) == (409, "ftp_must_be_closed")
    api.call("DELETE", f"cdrom/{cdrom}/ftp")
    api.call("PUT", f"server/{server}/cdrom", inserted)
    assert api.refused("DELETE", f"cdrom/{cdrom}") == (409, "cdrom_in_use")
    api.call("DELETE", f"server/{server}/cdrom")
    api.call("DELETE", f"cdrom/{cdrom}")


@pytest.mark.parametrize(("path", "key"), [("archive", "Archive"), ("cdrom", "CDROM")])
def test_ftp_is_open_or_closed(api: Api, path: str, key: str) -> None:
    made = api.call("POST", path, {key: {"Name": "n", "SizeMB": 20480}})
    ftp = f"{path}/{made[key]['ID']}/ftp"
    assert api.refused("PUT", ftp, {"ChangePassword": False}) == (409, "ftp_is_already_open")
    changed = api.call("PUT", ftp, {"ChangePassword": True})["FTPServer"]
    assert changed["Password"] != made["FTPServer"]["Password"]
    assert api.get(f"{path}/{made[key]['ID']}")[key]["Availability"] == "uploading"
    api.call("DELETE", ftp)
    assert api.refused("DELETE", ftp) == (409, "ftp_is_already_close")
    assert api.refused("PUT", ftp, {"ChangePassword": True}) == (409, "ftp_is_already_close")
    assert api.get(f"{path}/{made[key]['ID']}")[key]["Availability"] == "available"
    assert api.call("PUT", ftp, {"ChangePassword": False})["FTPServer"]["User"] == made["FTPServer"]["User"]


def test_switches(api: Api) -> None:
    subnet = {"DefaultRoute": "192.168.0.1", "NetworkMaskLen": 24}
    switch = api.make("switch", "Switch", Name="s", UserSubnet=subnet)
    assert (switch["ServerCount"], switch["Scope"], switch["UserSubnet"]) == (0, "user", subnet)
    server = api.make_server(ConnectedSwitches=[{"ID": switch["ID"]}])
    assert api.get(f"switch/{switch['ID']}")["Switch"]["ServerCount"] == 1
    assert [found["ID"] for found in api.get(f"switch/{switch['ID']}/server")["Servers"]] == [server["ID"]]
    assert api.refused("DELETE", f"switch/{switch['ID']}")[0] == 409
    empty = {"Switch": {"UserSubnet": {"DefaultRoute": "", "NetworkMaskLen": 0}}}
    assert api.call("PUT", f"switch/{switch['ID']}", empty)["Switch"]["UserSubnet"] is None
    api.call("DELETE", f"server/{server['ID']}")
    api.call("DELETE", f"switch/{switch['ID']}")


def test_interfaces(api: Api) -> None:
    server = api.make_server(ConnectedSwitches=None)["ID"]
    interface = api.make("interface", "Interface", Server={"ID": server})
    path = f"interface/{interface['ID']}"
    assert (interface["Switch"], interface["IPAddress"], interface["Server"]["ID"]) == (None, None, server)
    api.call("PUT", f"{path}/to/switch/shared")
    assert api.get(path)["Interface"]["IPAddress"]
    assert api.refused("PUT", f"{path}/to/switch/shared") == (409, "res_already_connected")
    api.call("DELETE", f"{path}/to/switch")
    assert api.get(path)["Interface"]["IPAddress"] is None
    switch = api.make("switch", "Switch", Name="s")["ID"]
    api.call("PUT", f"{path}/to/switch/{switch}")
    changed = api.call("PUT", path, {"Interface": {"UserIPAddress": "192.168.0.11"}})["Interface"]
    assert (changed["UserIPAddress"], changed["Switch"]["ID"]) == ("192.168.0.11", switch)
    api.boot(server)
    assert api.refused("DELETE", f"{path}/to/switch")[0] == 409
    assert api.refused("DELETE", path)[0] == 409


def test_packet_filters_are_guarded_by_a_hash(api: Api, emulator: Factory) -> None:
    rule = {"Protocol": "tcp", "DestinationPort": "80-90", "Action": "allow"}
    made = api.make("packetfilter", "PacketFilter", Name="p", Expression=[rule])
    assert made["Expression"][0]["SourceNetwork"] == "", "every field is a text"
    path = f"packetfilter/{made['ID']}"
    body = {"PacketFilter": {"Expression": []}, "OriginalExpressionHash": made["ExpressionHash"]}
    assert api.call("PUT", path, body)["PacketFilter"]["ExpressionHash"] != made["ExpressionHash"]
    assert api.refused("PUT", path, body) == (409, "original_hash_mismatch")
    for wrong in ({"Protocol": "sctp", "Action": "allow"}, {"Protocol": "tcp", "Action": "drop"}):
        unwanted = {"PacketFilter": {"Name": "p", "Expression": [wrong]}}
        assert api.refused("POST", "packetfilter", unwanted) == (400, "invalid_format")
    interface = api.make_server()["Interfaces"][0]["ID"]
    api.call("PUT", f"interface/{interface}/to/packetfilter/{made['ID']}")
    assert api.get(f"interface/{interface}")["Interface"]["PacketFilter"]["ID"] == made["ID"]
    assert api.refused("DELETE", path)[0] == 409
    api.call("DELETE", f"interface/{interface}/to/packetfilter")
    api.call("DELETE", path)
    lenient = emulator(settings_hash="ignore")
    other = lenient.make("packetfilter", "PacketFilter", Name="p")["ID"]
    lenient.call("PUT", f"packetfilter/{other}", {"PacketFilter": {"Name": "q"}, "OriginalExpressionHash": "old"})


def test_the_sandbox_refuses_bridges_and_licenses(api: Api, emulator: Factory) -> None:
    sandbox = api.at("tk1v")
    assert sandbox.refused("POST", "bridge", {"Bridge": {"Name": "b"}}) == (403, "dont_create_in_sandbox")
    assert sandbox.refused("POST", "license", {"License": {"Name": "l"}}) == (403, "dont_create_in_sandbox")
    assert emulator(sandbox="allow").at("tk1v").make("bridge", "Bridge", Name="b")["Name"] == "b"
    bridge = api.make("bridge", "Bridge", Name="b")["ID"]
    switch = api.make("switch", "Switch", Name="s")["ID"]
    api.call("PUT", f"switch/{switch}/to/bridge/{bridge}")
    read = api.get(f"bridge/{bridge}")["Bridge"]
    assert read["SwitchInZone"]["ID"] == switch
    assert api.at("is1a").get(f"bridge/{bridge}")["Bridge"]["SwitchInZone"] is None
    assert api.refused("DELETE", f"bridge/{bridge}")[0] == 409
    api.call("DELETE", f"switch/{switch}/to/bridge")
    api.call("DELETE", f"bridge/{bridge}")


def test_a_router_brings_a_switch_with_addresses(api: Api) -> None:
    made = api.send("POST", "internet", {"Internet": {"Name": "r", "NetworkMaskLen": 28, "BandWidthMbps": 100}})
    assert made.status_code == 202
    router = made.json()["Internet"]
    switch = api.get(f"switch/{router['Switch']['ID']}")["Switch"]
    assert switch["Subnets"][0]["NetworkMaskLen"] == 28
    server = api.make_server(ConnectedSwitches=[{"ID": switch["ID"]}])
    assert server["Interfaces"][0]["IPAddress"] is None, "the guest has its address, which the API is told"
    (subnet,) = api.get("subnet")["Subnets"]
    assert subnet["Switch"]["Internet"]["ID"] == router["ID"]
    addresses = [entry["IPAddress"] for entry in subnet["IPAddresses"]]
    assert (len(addresses), addresses[4]) == (16, switch["Subnets"][0]["IPAddresses"]["Min"])
    assert server["Interfaces"][0]["Switch"]["Subnet"]["NetworkMaskLen"] == 28
    changed = api.call("PUT", f"internet/{router['ID']}/bandwidth", {"Internet": {"BandWidthMbps": 250}})["Internet"]
    assert changed["ID"] != router["ID"]
    assert api.refused("DELETE", f"internet/{changed['ID']}")[0] == 409
    assert api.refused("DELETE", f"switch/{switch['ID']}")[0] == 409
    api.call("DELETE", f"server/{server['ID']}")
    api.call("DELETE", f"internet/{changed['ID']}")
    assert api.control("GET", "/state")["total"] == 0
