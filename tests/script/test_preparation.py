"""What the host script does around Caddy: installation, firewall, SELinux, SSH.

Most of it is asked of doubles (`doubles/`), which check arguments and order: no AlmaLinux or Rocky Linux and no service
manager can run here. nftables is real.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from sakura_fleet.model.caddy.host import Binary, CaddyHostArgs
from sakura_fleet.model.caddy.script import host_script
from sakura_fleet.model.caddy.site import FileServer, Site
from sakura_fleet.model.server.template import EditParameter, ServerTemplate
from tests.script.machine import HERE, Machine

ARGS = CaddyHostArgs(
    name="www",
    address="192.0.2.1",
    sites=(Site(name="www.example.com", tls="internal", file_server=FileServer()),),
)
WITHOUT_H3 = replace(ARGS, protocols=("h1", "h2"))
ALL_PORTS = ["80/tcp", "443/tcp", "443/udp"]


def active(host: Machine, *units: str) -> None:
    (host.work / "active").write_text("".join(f"{unit}\n" for unit in units))


@pytest.fixture
def bare(host: Machine) -> Machine:
    """A machine without Caddy and its user."""
    shutil.copy("/usr/bin/caddy", host.work / "caddy")
    host.hide("caddy")
    host.sh("userdel caddy && touch $WORK/no-unit && rm -rf /var/lib/caddy /etc/caddy")
    return host


@pytest.fixture
def almalinux(bare: Machine) -> Callable[[str], Machine]:
    """A maker of AlmaLinux machines of a version, firewalld and SELinux on, as far as doubles go."""

    def make(version: str) -> Machine:
        bare.hide("dpkg", "apt-get", "ufw", "nft")
        bare.sh(
            'rm -f /etc/os-release && printf \'ID="almalinux"\\nID_LIKE="rhel centos fedora"\\nVERSION_ID="%s"\\n\' '
            f"{version} >/etc/os-release"
        )
        bare.use("dnf", "firewall-cmd", "getenforce", "getsebool", "setsebool", "restorecon")
        shutil.copy(HERE / "doubles" / "semanage", bare.work / "semanage")  # not on a fresh machine
        active(bare, "firewalld")
        return bare

    return make


@pytest.mark.parametrize("version", ["9.6", "10.1"])
def test_almalinux_from_nothing(almalinux: Callable[[str], Machine], version: str) -> None:
    host = almalinux(version)
    first = host.run(host_script(ARGS))
    assert set(first.values()) == {"changed"}
    assert list(first) == [
        "caddy",
        "folders",
        "service settings",
        "kernel",
        "firewall (firewalld)",
        "selinux",
        "ssh login",
        "sites",
    ]
    chroot = f"epel-{version.partition('.')[0]}-{host.sh('uname -m').stdout.strip()}"
    assert host.calls("dnf") == [
        "-y -q install dnf-plugins-core",
        f"-y -q copr enable @caddy/caddy {chroot}",
        "-y -q install caddy",
        "-y -q install policycoreutils-python-utils",
    ]
    assert [call for call in host.calls("firewall-cmd") if "--query" not in call] == [
        *(f"-q --permanent --add-port={port}" for port in ALL_PORTS),
        "-q --reload",
    ]
    assert host.calls("setsebool") == ["-P httpd_can_network_connect on"]
    assert [call for call in host.calls("semanage") if " -a " in call] == [
        "port -a -t http_port_t -p udp 443",
        "fcontext -a -t httpd_log_t /var/log/caddy(/.*)?",
        "fcontext -a -t httpd_var_run_t /var/run/caddy(/.*)?",
    ]
    assert host.calls("restorecon") == ["-R /var/log/caddy /run/caddy"]
    host.forget()
    assert set(host.run(host_script(ARGS)).values()) == {"unchanged"}
    assert host.calls("dnf") == host.calls("setsebool") == host.calls("restorecon") == []


def test_debian_from_nothing(bare: Machine) -> None:
    bare.hide("nft")
    bare.use("apt-get", "curl")
    (bare.work / "download").write_text("-----BEGIN PGP PUBLIC KEY BLOCK-----\n")
    assert bare.run(host_script(ARGS))["caddy"] == "changed"
    installed = [call.rsplit(" ", 2) for call in bare.calls("apt-get")]
    assert [call[-1] for call in installed] == ["update", "curl", "update", "caddy"]
    (source,) = bare.sh("cat /etc/apt/sources.list.d/caddy-stable.list").stdout.splitlines()
    assert source.endswith("any-version main")
    bare.forget()
    assert set(bare.run(host_script(ARGS)).values()) == {"unchanged"}
    assert bare.calls("apt-get") == bare.calls("curl") == []


def test_an_unknown_system_is_refused_before_anything_changes(host: Machine) -> None:
    host.sh("rm -f /etc/os-release && printf 'ID=arch\\nPRETTY_NAME=\"Arch Linux\"\\n' >/etc/os-release")
    said = host.refused(host_script(ARGS))
    assert "this is Arch Linux; known are AlmaLinux, Rocky Linux, Debian and Ubuntu" in said
    assert host.sh("ls /etc/sysctl.d").stdout.count("caddy") == 0


def test_a_pinned_binary(bare: Machine) -> None:
    bare.use("curl")
    content = Path(bare.work / "caddy").read_bytes()
    shutil.copy(bare.work / "caddy", bare.work / "download")
    pinned = Binary(url="https://example.com/caddy", sha256=sha256(content).hexdigest())
    args = replace(ARGS, binary=pinned)
    assert bare.run(host_script(args))["caddy"] == "changed"
    assert bare.sh("stat -c '%U %a' /usr/local/bin/caddy").stdout == "root 755\n"
    assert "ExecStart=/usr/local/bin/caddy run" in bare.sh("cat /etc/systemd/system/caddy.service").stdout
    bare.forget()
    assert set(bare.run(host_script(args)).values()) == {"unchanged"}
    assert bare.calls("curl") == []


def test_a_binary_with_another_checksum_is_not_installed(bare: Machine) -> None:
    bare.use("curl")
    (bare.work / "download").write_text("something else")
    pinned = Binary(url="https://example.com/caddy", sha256="0" * 64)
    said = bare.refused(host_script(replace(ARGS, binary=pinned)))
    assert f"has the SHA-256 {sha256(b'something else').hexdigest()}, not {'0' * 64}" in said
    assert bare.sh("ls /usr/local/bin").stdout.count("caddy") == 0


def test_another_binary_restarts_the_service(bare: Machine) -> None:
    bare.use("curl")
    for content in (b"", b"\n"):  # the same program with another checksum
        data = (bare.work / "caddy").read_bytes() + content
        (bare.work / "download").write_bytes(data)
        pinned = Binary(url="https://example.com/caddy", sha256=sha256(data).hexdigest())
        assert bare.run(host_script(replace(ARGS, binary=pinned)))["caddy"] == "changed"
    assert [call for call in bare.calls("systemctl") if call in ("start caddy", "restart caddy")] == [
        "start caddy",
        "restart caddy",
    ]


@pytest.mark.parametrize(("args", "ports"), [(ARGS, ALL_PORTS), (WITHOUT_H3, ALL_PORTS[:2])])
def test_ufw_where_it_is_active(host: Machine, args: CaddyHostArgs, ports: list[str]) -> None:
    host.use("ufw")
    assert host.run(host_script(args))["firewall (ufw)"] == "changed"
    assert [call for call in host.calls("ufw") if call != "status"] == [f"allow {port}" for port in ports]
    host.forget()
    assert host.run(host_script(args))["firewall (ufw)"] == "unchanged"
    assert [call for call in host.calls("ufw") if call != "status"] == []


RULES = """#!/usr/sbin/nft -f
flush ruleset
table inet filter {
  chain input {
    type filter hook input priority 0; policy drop;
    ct state established,related accept
    tcp dport 22 accept
  }
  chain forward {
    type filter hook forward priority 0; policy drop;
  }
}
table ip other {
  chain watch {
    type filter hook input priority -10; policy accept;
    counter
  }
  chain late {
    type filter hook input priority 10; policy accept;
    meta l4proto udp reject
  }
}
"""


def test_nftables_where_it_is_active(host: Machine) -> None:
    if shutil.which("nft") is None:
        pytest.skip("needs nftables: `make test` installs tests/debian-packages.txt where it may")
    active(host, "nftables")
    host.sh("cat >/etc/nftables.conf && nft -f /etc/nftables.conf", stdin=RULES)
    assert host.run(host_script(ARGS))["firewall (nftables)"] == "changed"
    loaded = host.sh("nft list ruleset").stdout
    for port in ("tcp dport 80", "tcp dport 443", "udp dport 443"):
        assert loaded.count(f'{port} accept comment "caddy-host"') == 2, "in both chains that turn packets away"
    assert "accept" not in host.sh("nft list chain ip other watch").stdout.replace("policy accept", "")
    host.sh("nft -f /etc/nftables.conf")  # as at the next boot
    assert host.sh("nft list ruleset").stdout == loaded
    assert host.run(host_script(ARGS))["firewall (nftables)"] == "unchanged"
    assert host.sh("nft list ruleset").stdout == loaded


def test_password_logins_are_switched_off_before_all_other_words(host: Machine) -> None:
    host.sh("install -d /etc/ssh/sshd_config.d; echo PasswordAuthentication yes >/etc/ssh/sshd_config.d/50-cloud.conf")
    assert host.run(host_script(ARGS))["ssh login"] == "changed"
    assert host.sh("sshd -T").stdout.split("\n")[:2] == ["passwordauthentication no", "kbdinteractiveauthentication no"]
    assert "-t" in host.calls("sshd")
    assert "reload sshd" in host.calls("systemctl")


def test_password_logins_stay_where_that_was_asked(host: Machine) -> None:
    template = ServerTemplate(edit_parameter=EditParameter(disable_pw_auth=False))
    args = replace(ARGS, address="", zone="is1b", manage="ssh", template=template)
    assert host.run(host_script(args))["ssh login"] == "unchanged"
    assert host.sh("ls /etc/ssh/sshd_config.d 2>/dev/null || true").stdout.count("caddy") == 0


def test_a_sshd_without_drop_ins_is_left_as_it_is(host: Machine) -> None:
    (host.work / "doubles" / "sshd").write_text(
        "#!/bin/sh\nprintf 'passwordauthentication yes\\nkbdinteractiveauthentication yes\\n'\n"
    )
    assert "Include /etc/ssh/sshd_config.d/*.conf" in host.refused(host_script(ARGS))
    assert host.sh("ls /etc/ssh/sshd_config.d").stdout.count("caddy") == 0
