"""The acceptance tests of the vendor's Go client, unmodified: they decide whether the emulator is a SAKURA Cloud."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from sakura_emulator.api.unwritten import UNWRITTEN
from sakura_emulator.errors import ApiError
from sakura_emulator.routing import Router
from sakura_emulator.server import Running, running
from tests.emulator.support import Api

HERE = Path(__file__).parent
MODULE = HERE / "iaas-api-go"
PACKAGE = "github.com/sacloud/iaas-api-go/test"
TABLE = tomllib.loads((HERE / "iaas_api_go.toml").read_text(encoding="utf-8"))
ZONE, DOMAIN = "is1b", "foreign.example"
SLOW = os.environ.get("SAKURA_FLEET_SLOW_TESTS") == "1"
WANTED: list[str] = TABLE["passes"] + (TABLE["slow"] if SLOW else [])
_RESULT = re.compile(r"^--- (PASS|FAIL|SKIP): (\w+)", re.MULTILINE)


def _go(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["go", *arguments], cwd=MODULE, capture_output=True, text=True, timeout=500, check=False)


@pytest.fixture(scope="module")
def cloud() -> Iterator[Running]:
    with running(latency="instant") as emulator:
        yield emulator


@pytest.fixture(scope="module")
def source() -> Path:
    """The folder of the module, in Go's cache."""
    if shutil.which("go") is None:
        pytest.skip("Go is not installed: the acceptance tests of iaas-api-go cannot be built")
    fetched = _go("mod", "download")
    if fetched.returncode:
        pytest.skip(f"the modules of iaas-api-go cannot be downloaded: {fetched.stderr.strip().splitlines()[-1]}")
    return Path(_go("list", "-m", "-f", "{{.Dir}}", "github.com/sacloud/iaas-api-go").stdout.strip())


@pytest.fixture(scope="module")
def suite(cloud: Running, source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The module's tests as a program that asks this emulator; Go's own cache keeps everything but the linking."""
    program = tmp_path_factory.mktemp("iaas-api-go") / "acceptance.test"
    root = f"-X github.com/sacloud/iaas-api-go.SakuraCloudAPIRoot={cloud.api_root}"
    built = _go("test", "-c", "-o", str(program), "-ldflags", root, PACKAGE)
    assert built.returncode == 0, built.stderr
    return program


def _environment(cloud: Running) -> dict[str, str]:
    """What the tests want to know: made-up keys, addresses, an address of a server and a zone that exist."""
    api = Api(cloud.url, ZONE)
    # Two tests look at addresses at the same time: one reads the first of the list, one changes one that is named here.
    _, server = api.make_server("first"), api.make_server("second")
    api.make_zone(DOMAIN)
    api.http.close()
    plain = {name: value for name, value in os.environ.items() if not name.startswith(("SAKURA", "USACLOUD"))}
    return plain | {
        "TESTACC": "1",
        "SAKURACLOUD_ACCESS_TOKEN": "token",
        "SAKURACLOUD_ACCESS_TOKEN_SECRET": "secret",
        "SAKURACLOUD_ZONE": ZONE,
        "SAKURACLOUD_RATE_LIMIT": "1000",
        "SAKURA_RATE_LIMIT": "1000",
        "SAKURACLOUD_KMS_KEY_ID": "113700000001",
        "SAKURACLOUD_API_KEY_ID": "113700000002",
        "SAKURACLOUD_SIMPLE_NOTIFICATION_DESTINATION_ID": "113700000003",
        "SAKURACLOUD_PROXYLB_SERVER0": "192.0.2.11",
        "SAKURACLOUD_PROXYLB_SERVER1": "192.0.2.12",
        "SAKURACLOUD_PROXYLB_SERVER2": "192.0.2.13",
        "SAKURACLOUD_PROXYLB_ZONE_NAME": DOMAIN,
        "SAKURACLOUD_PROXYLB_COMMON_NAME": f"www.{DOMAIN}",
        "SAKURACLOUD_PROXYLB_ALT_NAME": f"alt.{DOMAIN}",
        "SAKURACLOUD_IPADDRESS": str(server["Interfaces"][0]["IPAddress"]),
        "SAKURACLOUD_HOSTNAME": f"host.{DOMAIN}",
    }


def test_the_acceptance_tests_pass(cloud: Running, suite: Path) -> None:
    """All of the table at once: they mostly sleep. The module's own clean-up then asks every list of every zone."""
    listed = subprocess.run([suite, "-test.list", "."], capture_output=True, text=True, check=True, timeout=60)
    known = {*TABLE["passes"], *TABLE["slow"], *TABLE["fails"]}
    assert known == set(listed.stdout.split()), "iaas_api_go.toml names other tests than the module has"

    ran = subprocess.run(
        [suite, "-test.v", "-test.parallel", "60", "-test.run", f"^({'|'.join(WANTED)})$"],
        env=_environment(cloud),
        cwd=suite.parent,
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )
    results = {name: result for result, name in _RESULT.findall(ran.stdout)}
    assert results == dict.fromkeys(WANTED, "PASS"), ran.stdout + ran.stderr
    # The module's helper recovers from a panic in a test, logs it and lets the test pass.
    assert "Unexpected error is occurred" not in ran.stdout, ran.stdout
    assert ran.returncode == 0, f"the module's clean-up failed: {ran.stderr}"


def _routes_of(source: Path) -> set[tuple[str, str]]:
    """Every method and path that the client can ask for, from its generated code; `1` stands for what varies."""
    code = (source / "zz_api_ops.go").read_text(encoding="utf-8")
    operations = {
        name: (path, suffix)
        for name, suffix, path in re.findall(
            r'&(\w+Op)\{[^}]*?PathSuffix:\s+"([^"]+)"[^}]*?PathName:\s+"([^"]+)"', code, re.DOTALL
        )
    }
    routes = set()
    for operation, body in re.findall(r"^func \(o \*(\w+Op)\) \w+\((.*?)^\}", code, re.DOTALL | re.MULTILINE):
        url, method = re.search(r'buildURL\("([^"]+)"', body), re.search(r'Client\.Do\(ctx, "(\w+)"', body)
        if url and method:
            name, suffix = operations[operation]
            path = url[1].partition("{{.pathSuffix}}/")[2].replace("{{.pathName}}", name)
            path = re.sub(r"\{\{if.*?end\}\}", "", path)
            path = re.sub(r"\{\{\.\w+\}\}", "1", path).replace("//", "/")
            routes.add((method[1], f"system/{path}" if "system" in suffix else path))
    return routes


def test_every_route_of_the_client_is_written_or_known_not_to_be(source: Path) -> None:
    routes = _routes_of(source)
    assert len(routes) > 200
    router = Router()
    unwritten = Router((method, path, lambda _: pytest.fail("never called")) for method, path in UNWRITTEN)
    unknown = []
    for method, path in sorted(routes):
        try:
            router.match(method, path.split("/"))
        except ApiError:
            try:
                unwritten.match(method, path.split("/"))
            except ApiError:
                unknown.append(f"{method} {path}")
    assert unknown == [], "neither in ROUTES nor in UNWRITTEN"
