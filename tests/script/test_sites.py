"""What the host script does with sites, on a machine of its own with Debian's real Caddy."""

from __future__ import annotations

import shutil
from dataclasses import replace

import pytest

from sakura_fleet.model.caddy.host import Behind, CaddyHostArgs
from sakura_fleet.model.caddy.script import host_script, local_ca
from sakura_fleet.model.caddy.site import FileServer, Redirect, ReverseProxy, Site
from tests.host.caddy import VERSIONS, caddy_binary
from tests.script.machine import Machine
from tests.waiting import wait_for

HELLO = Site(name="www.example.com", tls="internal", snippet="respond hello")
ARGS = CaddyHostArgs(name="www", address="192.0.2.1", sites=(HELLO,))
TLS_ERROR = 35
"""What curl exits with where the handshake fails, as for a name whose certificate is still being made."""
STEPS = (
    "caddy",
    "folders",
    "service settings",
    "kernel",
    "firewall (none)",
    "selinux (none)",
    "ssh login",
    "sites",
)


def get(host: Machine, url: str) -> str:
    """A page of the machine, or what curl says of it; as soon as Caddy has a certificate for the name."""
    name = url.split("/")[2]
    resolve = f"--resolve {name}:443:127.0.0.1 --resolve {name}:80:127.0.0.1"
    command = f"curl -sk --max-time 60 -o - -w '%{{http_code}}' {resolve} {url}"
    done = host.sh(command, check=False)

    def has_certificate() -> bool:
        nonlocal done
        if done.returncode == TLS_ERROR:
            done = host.sh(command, check=False)
        return done.returncode != TLS_ERROR

    wait_for(f"a certificate for {name}", has_certificate)
    return done.stdout or f"exit {done.returncode}"


def pages(host: Machine, port: int, folder: str) -> None:
    """Serve a folder at a port of the machine, until the machine ends."""
    host.sh(f"cd {folder} && (setsid python3 -m http.server {port} >/dev/null 2>&1 &)")
    host.sh(f"until (exec 3<>/dev/tcp/127.0.0.1/{port}) 2>/dev/null; do sleep 0.05; done")


def serving(text: str) -> CaddyHostArgs:
    return replace(ARGS, sites=(replace(HELLO, snippet=f"respond {text}"),))


def test_a_second_run_changes_nothing(host: Machine) -> None:
    first = host.run(host_script(ARGS))
    assert tuple(first) == STEPS
    assert [step for step, word in first.items() if word == "unchanged"] == [
        "caddy",
        "firewall (none)",
        "selinux (none)",
    ]
    assert get(host, "https://www.example.com/") == "hello200"
    started = host.sh("cat $WORK/caddy.pid").stdout
    host.forget()
    assert set(host.run(host_script(ARGS)).values()) == {"unchanged"}
    assert host.sh("cat $WORK/caddy.pid").stdout == started
    assert not [call for call in host.calls("systemctl") if not call.startswith(("-q is-", "cat "))]


def test_another_site_is_taken_over_without_a_restart(host: Machine) -> None:
    host.run(host_script(serving("one")))
    started = host.sh("cat $WORK/caddy.pid").stdout
    changed = host.run(host_script(serving("two")))
    assert {step for step, word in changed.items() if word == "changed"} == {"sites"}
    assert get(host, "https://www.example.com/") == "two200"
    assert host.sh("cat $WORK/caddy.pid").stdout == started
    assert "respond two" in host.sh("cat /etc/caddy/Caddyfile").stdout


def test_what_caddy_refuses_leaves_the_old_sites_serving(host: Machine) -> None:
    host.run(host_script(serving("one")))
    before = host.sh("cat /etc/caddy/Caddyfile; ls /etc/caddy").stdout
    broken = replace(ARGS, sites=(replace(HELLO, snippet="resond one"),))
    said = host.refused(host_script(broken))
    assert "unrecognized directive: resond" in said
    assert "caddy-host: sites: Caddy refuses the new configuration" in said
    assert host.sh("cat /etc/caddy/Caddyfile; ls /etc/caddy").stdout == before
    assert get(host, "https://www.example.com/") == "one200"
    assert host.run(host_script(serving("three")))["sites"] == "changed"
    assert get(host, "https://www.example.com/") == "three200"


def test_what_caddy_cannot_start_leaves_the_old_sites_serving(host: Machine) -> None:
    """A configuration that is right and yet cannot be served: its port is taken. With a current Caddy, as the script
    installs it: 2.6 goes on listening at those ports of the refused one that it had opened by then."""
    shutil.copy(caddy_binary(VERSIONS[-1]), host.work / "current")
    host.sh("cp $WORK/current /usr/bin/caddy")
    raw = "{\n\tadmin unix//run/caddy/admin.sock\n}\nhttp:// {\n\trespond TEXT\n}\n"
    args = CaddyHostArgs(name="www", address="192.0.2.1", caddyfile=raw.replace("TEXT", "one"))
    host.run(host_script(args))
    host.sh(
        "setsid python3 -m http.server 8099 >/dev/null 2>&1 & sleep 0.1; exec 3<>/dev/tcp/127.0.0.1/8099", check=False
    )
    host.sh("until (exec 3<>/dev/tcp/127.0.0.1/8099) 2>/dev/null; do sleep 0.05; done")
    taken = replace(args, caddyfile=raw.replace("TEXT", "two") + "http://x.example.com:8099 {\n\tbind 127.0.0.1\n}\n")
    said = host.refused(host_script(taken))
    assert "address already in use" in said
    assert "did not take the new configuration" in said
    assert [get(host, "http://www.example.com/") for _ in range(5)] == ["one200"] * 5
    assert host.run(host_script(replace(args, caddyfile=raw.replace("TEXT", "three"))))["sites"] == "changed"
    assert get(host, "http://www.example.com/") == "three200"


def test_a_caddy_that_serves_already_is_taken_over(host: Machine) -> None:
    """As on a host by address: another admin endpoint, another Caddyfile, running."""
    host.sh("printf 'http:// {\\n\\trespond theirs\\n}\\n' >/etc/caddy/Caddyfile && systemctl start caddy")
    assert get(host, "http://www.example.com/") == "theirs200"
    started = host.sh("cat $WORK/caddy.pid").stdout
    host.run(host_script(ARGS))
    assert get(host, "https://www.example.com/") == "hello200"
    assert host.sh("cat $WORK/caddy.pid").stdout == started
    assert set(host.run(host_script(ARGS)).values()) == {"unchanged"}


def test_a_run_that_was_killed_before_the_file_was_put_in_place(host: Machine) -> None:
    host.run(host_script(serving("one")))
    old = host.sh("cat /etc/caddy/Caddyfile").stdout
    host.run(host_script(serving("two")))
    host.sh("cat >/etc/caddy/Caddyfile", stdin=old)  # Caddy serves two, and the file still says one
    assert host.run(host_script(serving("two")))["sites"] == "changed"
    assert "respond two" in host.sh("cat /etc/caddy/Caddyfile").stdout
    assert get(host, "https://www.example.com/") == "two200"


def test_nothing_on_the_host_belongs_to_root_that_caddy_writes(host: Machine) -> None:
    host.sh("install -d -o caddy -g caddy /var/log/caddy && touch /var/log/caddy/www.example.com.log")  # by root
    assert host.run(host_script(ARGS))["folders"] == "changed"
    get(host, "https://www.example.com/")
    owners = host.sh("find /var/log/caddy /var/lib/caddy /run/caddy -printf '%u\\n' | sort -u").stdout.split()
    assert owners == ["caddy"]


def test_the_root_of_the_host_s_own_ca_is_printed(host: Machine) -> None:
    done = host.sh("bash -s", stdin=host_script(ARGS))
    host.sh("cat >$WORK/ca.pem", stdin=local_ca(done.stdout))
    page = host.sh(
        "curl -s --cacert $WORK/ca.pem --retry 5 --retry-all-errors --resolve www.example.com:443:127.0.0.1 "
        "https://www.example.com/"
    )
    assert page.stdout == "hello"


def test_every_kind_of_site(host: Machine) -> None:
    """The Caddyfile that the model writes, as Caddy understands it."""
    host.sh(
        "mkdir -p '/srv/my pages/sub' && touch '/srv/my pages/sub/listed.txt' && echo page >'/srv/my pages/index.html'"
    )
    sites = (
        Site(name="files.example.com", tls="internal", file_server=FileServer(root="/srv/my pages", browse=True)),
        Site(
            name="app.example.com",
            tls="internal",
            reverse_proxy=ReverseProxy(upstreams=("127.0.0.1:8081", "127.0.0.1:8082"), health_uri="/healthz"),
        ),
        Site(name="old.example.com", tls="internal", log=False, redirect=Redirect(to="https://new.example.com{uri}")),
        Site(name="own.example.com", tls="internal", snippet='\theader X-One "two three"\n\n\trespond own\n'),
    )
    host.sh("mkdir -p $WORK/back && echo back >$WORK/back/index.html && echo ok >$WORK/back/healthz")
    pages(host, 8082, "$WORK/back")
    host.run(host_script(replace(ARGS, sites=sites, email="ops@example.com")))
    assert get(host, "https://files.example.com/") == "page\n200"
    assert "listed.txt" in get(host, "https://files.example.com/sub/")
    assert get(host, "https://app.example.com/") == "back\n200", "one backend is down, and nobody notices"
    found = host.sh("curl -skI --resolve old.example.com:443:127.0.0.1 https://old.example.com/a?b=c").stdout
    assert "302" in found.splitlines()[0]
    assert "location: https://new.example.com/a?b=c" in found.lower()
    assert get(host, "https://own.example.com/") == "own200"
    assert host.sh("curl -s -o /dev/null -w '%{http_code}' http://127.0.0.1/live").stdout == "200"
    assert host.sh("ls /var/log/caddy").stdout.split() == [
        f"{name}.example.com.log" for name in ("app", "files", "own")
    ]


def test_a_host_behind_an_elb_speaks_plain_http(host: Machine) -> None:
    # Debian's Caddy knows no trusted_proxies yet; what newer ones make of it is tested with them.
    args = replace(ARGS, behind=Behind(networks=("192.0.2.0/24",), mode="tcp"))
    host.run(host_script(args))
    assert "alt-svc" not in host.sh("curl -skI --resolve www.example.com:443:127.0.0.1 https://www.example.com/").stdout
    host.run(host_script(ARGS))
    assert "alt-svc" in host.sh("curl -skI --resolve www.example.com:443:127.0.0.1 https://www.example.com/").stdout


@pytest.mark.parametrize("here", [True, False])
def test_sites_with_certificates_of_a_ca_wait_for_their_names(host: Machine, here: bool) -> None:
    args = replace(ARGS, acme_ca="https://127.0.0.1:1/directory", sites=(replace(HELLO, tls="auto"),))
    script = host_script(args, names=["other.example.com"])
    if here:
        (host.work / "names").write_text("www.example.com 192.0.2.1\nother.example.com 192.0.2.1\n")
        said = host.sh("bash -s", stdin=script).stdout
        assert "not resolved" not in said
    else:
        (host.work / "names").write_text("www.example.com 192.0.2.10\nother.example.com 192.0.2.1\n")
        said = host.sh("NAMES_DEADLINE=3 NAMES_PAUSE=0.2 bash -s", stdin=script).stdout
        assert "names: not resolved to this host within 3 s: www.example.com. Caddy starts all the same" in said
        queries = [call for call in host.calls("getent") if call == "ahosts www.example.com"]
        assert len(queries) > 1
    assert "caddy-host: sites: changed" in said
    host.forget()
    host.run(script)
    assert not [call for call in host.calls("getent") if call.startswith("ahosts")], "nothing changed, so no wait"


def test_a_name_that_has_its_certificate_is_not_waited_for(host: Machine) -> None:
    args = replace(ARGS, acme_ca="https://127.0.0.1:1/directory", sites=(replace(HELLO, tls="auto"),))
    folder = "/var/lib/caddy/.local/share/caddy/certificates/ca/www.example.com"
    host.sh(f"install -d -o caddy -g caddy {folder} && touch {folder}/www.example.com.crt")
    assert host.run(host_script(args))["sites"] == "changed"
    assert not [call for call in host.calls("getent") if call.startswith("ahosts")]


def test_storage_must_be_writable(host: Machine) -> None:
    args = replace(ARGS, storage="/srv/certificates")
    host.sh("install -d -o root -m 755 /srv/certificates")
    assert "/srv/certificates: the user caddy may not write there" in host.refused(host_script(args))
    host.sh("rmdir /srv/certificates")
    host.run(host_script(args))
    assert "acme" not in host.sh("ls /var/lib/caddy/.local/share/caddy 2>/dev/null || true").stdout
    assert host.sh("find /srv/certificates -name root.crt").stdout
