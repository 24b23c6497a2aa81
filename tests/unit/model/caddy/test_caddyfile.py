"""The Caddyfile of typed sites: its text, and what Caddy makes of it."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import replace
from typing import Any

import pytest

from sakura_fleet.model.caddy.caddyfile import caddyfile
from sakura_fleet.model.caddy.host import Behind, CaddyHostArgs
from sakura_fleet.model.caddy.site import FileServer, Redirect, ReverseProxy, Site

FILES = Site(name="www.example.com", file_server=FileServer(root="/srv/my pages"))
MOVED = Redirect(to="https://new.example.com{uri}", permanent=True)
HOST = CaddyHostArgs(name="www", zone="is1b", sites=(FILES,))


def adapted(host: CaddyHostArgs) -> dict[str, Any]:
    """The JSON that Caddy reads in a host's Caddyfile."""
    if shutil.which("caddy") is None:
        pytest.skip("needs caddy: `make test` installs tests/debian-packages.txt where it may")
    command = ["caddy", "adapt", "--adapter", "caddyfile", "--config", "/dev/stdin"]
    done = subprocess.run(command, input=caddyfile(host), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def test_the_text() -> None:
    host = replace(
        HOST,
        email="ops@example.com",
        acme_ca="staging",
        storage="/mnt/caddy",
        sites=(
            FILES,
            Site(
                name="app.example.com",
                tls="internal",
                reverse_proxy=ReverseProxy(upstreams=("10.0.0.1:8080", "10.0.0.2:8080"), health_uri="/up?a=b"),
            ),
            Site(
                name="old.example.com", log=False, redirect=Redirect(to="https://new.example.com{uri}", permanent=True)
            ),
            Site(name="own.example.com", log=False, snippet="\nheader {\n\tX-One 1\n}\n\nrespond own\n"),
        ),
    )
    assert (
        caddyfile(host)
        == """{
	admin unix//run/caddy/admin.sock
	grace_period 30s
	email ops@example.com
	acme_ca https://acme-staging-v02.api.letsencrypt.org/directory
	skip_install_trust
	storage file_system /mnt/caddy
	servers {
		protocols h1 h2 h3
	}
}

www.example.com {
	log {
		output file /var/log/caddy/www.example.com.log
	}
	root * "/srv/my pages"
	encode zstd gzip
	file_server
}

app.example.com {
	tls internal
	log {
		output file /var/log/caddy/app.example.com.log
	}
	reverse_proxy 10.0.0.1:8080 10.0.0.2:8080 {
		lb_policy least_conn
		lb_try_duration 5s
		health_uri /up?a=b
		health_interval 5s
		fail_duration 10s
	}
}

old.example.com {
	redir "https://new.example.com{uri}" permanent
}

own.example.com {
	header {
		X-One 1
	}

	respond own
}

http:// {
	respond /live 200
}
"""
    )


def test_a_whole_caddyfile_stays_as_it_is() -> None:
    assert caddyfile(CaddyHostArgs(name="www", zone="is1b", caddyfile="x\n\ty")) == "x\n\ty"


@pytest.mark.parametrize("protocols", [("h1", "h2", "h3"), ("h1", "h2"), ("h1",)])
def test_the_protocols_reach_every_server(protocols: tuple[str, ...]) -> None:
    servers = adapted(replace(HOST, protocols=protocols))["apps"]["http"]["servers"]
    assert [server["protocols"] for server in servers.values()] == [list(protocols)] * 2
    assert sorted(server["listen"][0] for server in servers.values()) == [":443", ":80"]


def test_what_caddy_reads() -> None:
    host = replace(
        HOST,
        storage="/mnt/caddy",
        acme_ca="https://ca.example.com/directory",
        acme_ca_root="PEM",
        sites=(Site(name="a.example.com", reverse_proxy=ReverseProxy(upstreams=("10.0.0.1:80",), health_uri="/up")),),
    )
    read = adapted(host)
    assert read["admin"]["listen"] == "unix//run/caddy/admin.sock"
    assert read["storage"] == {"module": "file_system", "root": "/mnt/caddy"}
    (issuer, *_) = read["apps"]["tls"]["automation"]["policies"][0]["issuers"]
    assert issuer["ca"] == "https://ca.example.com/directory"
    assert issuer["trusted_roots_pem_files"] == ["/etc/caddy/acme-ca-root.pem"]
    (route,) = read["apps"]["http"]["servers"]["srv0"]["routes"]
    assert route["match"] == [{"host": ["a.example.com"]}]
    proxy = route["handle"][0]["routes"][0]["handle"][0]
    assert proxy["load_balancing"] == {"selection_policy": {"policy": "least_conn"}, "try_duration": 5_000_000_000}
    assert proxy["health_checks"] == {
        "active": {"interval": 5_000_000_000, "uri": "/up"},
        "passive": {"fail_duration": 10_000_000_000},
    }


def test_behind_something_that_ends_tls() -> None:
    behind = Behind(networks=("192.0.2.0/24", "2001:db8::/32"), proxy_protocol=True)
    text = caddyfile(replace(HOST, behind=behind))
    assert "\nhttp://www.example.com {\n" in text
    assert (
        """
		protocols h1 h2
		trusted_proxies static 192.0.2.0/24 2001:db8::/32
		trusted_proxies_strict
		listener_wrappers {
			proxy_protocol {
				timeout 2s
				allow 192.0.2.0/24 2001:db8::/32
			}
			tls
		}
"""
        in text
    )


def test_behind_something_that_passes_connections_on() -> None:
    text = caddyfile(replace(HOST, behind=Behind(networks=("192.0.2.0/24",), mode="tcp")))
    assert "\nwww.example.com {\n" in text
    assert "trusted_proxies" not in text
    assert "listener_wrappers" not in text
