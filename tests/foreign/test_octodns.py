"""octoDNS with its SAKURA Cloud provider: what it wrote it finds again, for every record type it knows."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from sakura_emulator.server import Running, running
from tests.emulator.support import JSON, Api
from tests.foreign.tools import NotAvailableError, locked_environment

HERE = Path(__file__).parent / "octodns"
TYPES = {"A", "AAAA", "ALIAS", "CAA", "CNAME", "HTTPS", "MX", "NS", "PTR", "SRV", "SVCB", "TXT"}
NO_CHANGES = "No changes were planned"


@pytest.fixture(scope="module")
def programs() -> Path:
    try:
        return locked_environment("octodns", HERE / "requirements.lock")
    except NotAvailableError as error:
        pytest.skip(str(error))


def _sync(programs: Path, cloud: Running, zones: Path, *arguments: str) -> str:
    plain = {name: value for name, value in os.environ.items() if not name.startswith("SAKURA")}
    environment = plain | {
        "ZONES": str(zones),
        "ENDPOINT": f"{cloud.api_root}/is1a/api/cloud/1.1",
        "SAKURACLOUD_ACCESS_TOKEN": "token",
        "SAKURACLOUD_ACCESS_TOKEN_SECRET": "secret",
    }
    ran = subprocess.run(
        [programs / "octodns-sync", "--config-file", HERE / "config.yaml", *arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout + ran.stderr


def _records(api: Api) -> list[JSON]:
    (zone,) = api.get("commonserviceitem")["CommonServiceItems"]
    records: list[JSON] = zone["Settings"]["DNS"]["ResourceRecordSets"]
    return records


def test_every_record_type_is_applied_and_planned_again_to_no_changes(programs: Path, tmp_path: Path) -> None:
    with running(latency="instant") as cloud:
        api = Api(cloud.url)
        assert "Creates=14" in _sync(programs, cloud, HERE, "--doit")
        written = _records(api)
        assert {record["Type"] for record in written} == TYPES
        assert len(written) == 20
        assert NO_CHANGES in _sync(programs, cloud, HERE)

        edited = (HERE / "example.com.yaml").read_text(encoding="utf-8")
        edited = edited.replace("[192.0.2.1, 192.0.2.2]\n  - type: AAAA", "[192.0.2.3]\n  - type: AAAA")
        edited = edited.replace("host:\n  type: PTR\n  value: host.example.com.\n", "")
        (tmp_path / "example.com.yaml").write_text(edited, encoding="utf-8")
        assert "Creates=0, Updates=1, Deletes=1" in _sync(programs, cloud, tmp_path, "--doit")
        assert NO_CHANGES in _sync(programs, cloud, tmp_path)
        assert [record["RData"] for record in _records(api) if record["Name"] == "www" and record["Type"] == "A"] == [
            "192.0.2.3"
        ]
        assert {record["Type"] for record in _records(api)} == TYPES - {"PTR"}
        api.http.close()
