"""Activity graphs: marks, nulls, noise by seed, programmed series."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest

from tests.emulator.conftest import Factory
from tests.emulator.support import Api


def to_mark(api: Api) -> None:
    """Move to the next 5-minute mark, and a moment more."""
    now = api.control("GET", "/clock")["now"]
    api.advance(300 - now % 300 + 0.5)


def series(api: Api, path: str, **span: str) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = api.get(f"{path}/monitor?{quote(json.dumps(span), safe='')}")["Data"]
    return found


def cpu(api: Api, server: int) -> list[float | None]:
    return [sample["CPU-TIME"] for sample in series(api, f"server/{server}").values()]


@pytest.fixture
def still(emulator: Factory) -> Api:
    """Nothing takes time, and time stands still just after a mark."""
    api = emulator(seed=7)
    api.control("POST", "/clock", {"freeze": True})
    to_mark(api)
    return api


def test_nulls_before_creation_and_while_off(still: Api) -> None:
    server = still.make_server()["ID"]
    still.boot(server)
    assert cpu(still, server)[-1] is None, "the server was not there for the whole of that span"
    still.advance(600)
    values = cpu(still, server)
    assert len(values) == 12
    assert values[:-2] == [None] * 10
    assert values[-2] is None, "it came up within this span"
    assert values[-1] is not None
    still.call("DELETE", f"server/{server}/power", {"Force": True})
    still.advance(300)
    assert cpu(still, server)[-1] is None
    assert cpu(still, server)[-2] == values[-1], "the same on every read"


def test_marks_and_spans(still: Api) -> None:
    server = still.make_server()["ID"]
    still.boot(server)
    still.advance(1800)
    data = series(still, f"server/{server}")
    assert all(key[14:16] in {f"{m:02}" for m in range(0, 60, 5)} and key.endswith(":00+09:00") for key in data)
    marks = list(data)
    assert list(series(still, f"server/{server}", Start=marks[-3], End=marks[-2])) == marks[-3:-1]
    with_nanoseconds = marks[-3].replace("+09:00", ".123456789+09:00")
    assert list(series(still, f"server/{server}", Start=with_nanoseconds)) == marks[-2:]
    assert series(still, f"server/{server}", Start="2001-01-01T00:00:00Z", End="2001-01-01T00:04:00Z") != data
    assert series(still, f"server/{server}", Start=marks[-1], End="2100-01-01T00:00:00Z") == {
        marks[-1]: data[marks[-1]]
    }


def test_noise_depends_on_the_seed_only(emulator: Factory) -> None:
    found: list[dict[str, Any]] = []
    until = 0.0
    for seed in (1, 1, 2):
        api = emulator(seed=seed)
        now = api.control("POST", "/clock", {"freeze": True})["now"]
        until = until or now + 7200  # the same moment for all three, by then each has been on for long
        server = api.make_server("web1")["ID"]
        api.boot(server)
        api.advance(until - now)
        found.append({k: v for k, v in series(api, f"server/{server}").items() if v["CPU-TIME"] is not None})
    assert len(found[0]) == 12
    assert found[0] == found[1] != found[2]
    assert all(0 < value["CPU-TIME"] / 2 < 0.1 for value in found[0].values()), "a quiet machine with two cores"


def test_a_programmed_load(still: Api) -> None:
    web, other = still.make_server("web-1")["ID"], still.make_server("db-1")["ID"]
    for server in (web, other):
        still.boot(server)
    still.advance(600)
    before = cpu(still, web)
    still.control("POST", "/load", {"prefix": "web-", "value": 0.8})
    assert cpu(still, web) == before, "a load does not rewrite history"
    still.advance(600)
    assert cpu(still, web)[-2:] == [1.6, 1.6], "per core, and the server has two"
    assert all((value or 0) < 0.2 for value in cpu(still, other))
    still.control("POST", "/load", {"server": web, "samples": [0.1, None, 0.3]})
    still.advance(1200)
    assert cpu(still, web)[-4:] == [0.2, None, 0.6, 0.6], "the last sample is repeated"
    still.control("POST", "/load", {"prefix": "", "value": 1, "since": -600})
    assert cpu(still, other)[-2:] == [2.0, 2.0]
    http = still.http.delete(f"{still.url}/_emulator/load")
    assert http.json() == {"ok": True}
    assert cpu(still, web)[-1] not in (2.0, 0.6)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"prefix": "a"},
        {"value": 1},
        {"prefix": "a", "server": 1, "value": 1},
        {"prefix": "a", "samples": []},
        {"prefix": "a", "value": -1},
        {"prefix": "a", "value": "x"},
        {"prefix": "a", "value": 1, "since": "noon"},
    ],
)
def test_a_load_that_is_none(api: Api, body: dict[str, Any]) -> None:
    answer = api.http.post(f"{api.url}/_emulator/load", json=body)
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_other_graphs(still: Api) -> None:
    server = still.make_server()
    disk = still.make("disk", "Disk", Name="d", Server={"ID": server["ID"]})["ID"]
    elb = still.make_elb()["ID"]
    still.boot(server["ID"])
    still.advance(900)
    for path, keys in (
        (f"disk/{disk}", {"Read", "Write"}),
        (f"interface/{server['Interfaces'][0]['ID']}", {"Receive", "Send"}),
        (f"commonserviceitem/{elb}/activity/proxylb", {"activeConnections", "connectionsPerSec"}),
    ):
        samples = list(series(still, path).values())
        assert all(set(sample) == keys for sample in samples)
        assert set(samples[0].values()) == {None}
        assert None not in samples[-1].values()
