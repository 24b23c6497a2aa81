"""Offered load: traces, and an ELB that spreads it over what it has UP; samples come late; the clock steps."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest

from tests.emulator.conftest import Factory
from tests.emulator.support import JSON, Api

STEP = 300


def cpu(api: Api, server: int) -> list[float | None]:
    found = api.get(f"server/{server}/monitor?{quote(json.dumps({}), safe='')}")["Data"]
    return [sample["CPU-TIME"] for sample in found.values()]


@pytest.fixture
def still(emulator: Factory) -> Api:
    """Nothing takes time, and time stands still on a mark."""
    api = emulator()
    api.control("POST", "/clock", {"freeze": True})
    now = api.control("GET", "/clock")["now"]
    api.advance(STEP - now % STEP)
    return api


def _servers(api: Api, *cores: int) -> list[JSON]:
    servers = [
        api.make_server(f"web-{number}", ServerPlan={"CPU": count, "MemoryMB": 4096})
        for number, count in enumerate(cores)
    ]
    for server in servers:
        api.boot(server["ID"])
    return servers


def _entry(server: JSON, *, enabled: bool = True) -> JSON:
    return {"IPAddress": server["Interfaces"][0]["IPAddress"], "Port": 80, "Enabled": enabled}


def _set_entries(api: Api, elb: int, *entries: JSON) -> None:
    settings = {**api.item(elb)["Settings"]["ProxyLB"], "Servers": list(entries)}
    api.put_item(elb, Settings={"ProxyLB": settings})


def test_a_trace_is_averaged_over_each_interval(still: Api) -> None:
    (server,) = _servers(still, 2)
    still.control("POST", "/load", {"server": server["ID"], "trace": [[0, 0.2], [150, 0.6], [300, 0.1]]})
    still.advance(2 * STEP)
    assert cpu(still, server["ID"])[-2:] == [0.8, 0.2], "two cores: (0.2 + 0.6) / 2, then 0.1 which stays"


def test_an_elb_spreads_by_cores_over_what_it_has_up(still: Api) -> None:
    small, big, outside = _servers(still, 1, 2, 2)
    elb = still.make_elb("web-elb", Servers=[_entry(small), _entry(big)])["ID"]
    still.control("POST", "/load", {"elb": "web-elb", "value": 1.5})
    still.advance(STEP)
    assert cpu(still, small["ID"])[-1] == 0.5
    assert cpu(still, big["ID"])[-1] == 1.0
    assert (cpu(still, outside["ID"])[-1] or 0) < 0.2, "not in the ELB: a quiet machine"
    # The small one leaves in the middle of the next interval: half of it alone, at 0.75 a core, half of it not.
    still.advance(STEP / 2)
    _set_entries(still, elb, _entry(small, enabled=False), _entry(big))
    still.advance(STEP / 2)
    assert cpu(still, small["ID"])[-1] == 0.25
    assert cpu(still, big["ID"])[-1] == pytest.approx(1.25)
    before = cpu(still, big["ID"])
    _set_entries(still, elb, _entry(big))
    still.call("DELETE", f"server/{small['ID']}/power", {"Force": True})
    still.call("DELETE", f"server/{small['ID']}")
    assert cpu(still, big["ID"]) == before, "a deleted server does not rewrite the others' past"
    still.control("POST", "/load", {"elb": elb, "value": 40})
    still.advance(STEP)
    assert cpu(still, big["ID"])[-1] == 2.0, "a core is never more than busy"


def test_an_elb_under_a_new_plan_keeps_its_load(still: Api) -> None:
    (server,) = _servers(still, 2)
    elb = still.make_elb("web-elb", Servers=[_entry(server)])["ID"]
    still.control("POST", "/load", {"elb": elb, "trace": [[0, 1.0]]})
    bigger = {"CommonServiceItem": {"ServiceClass": "cloud/proxylb/plain/500"}}
    still.call("PUT", f"commonserviceitem/{elb}/plan", bigger)
    still.advance(STEP)
    assert cpu(still, server["ID"])[-1] == 1.0


def test_load_goes_to_a_server_only_after_its_health_check(emulator: Factory) -> None:
    api = emulator(health_delay=100)
    api.control("POST", "/clock", {"freeze": True})
    api.advance(STEP - api.control("GET", "/clock")["now"] % STEP)
    (server,) = _servers(api, 2)
    api.advance(STEP)
    api.make_elb("web-elb", Servers=[_entry(server)])
    api.control("POST", "/load", {"elb": "web-elb", "value": 1.2})
    api.advance(STEP)
    assert cpu(api, server["ID"])[-1] == pytest.approx(1.2 * 200 / 300)


def test_a_server_that_fails_its_health_checks_gets_no_load(still: Api) -> None:
    sick, well = _servers(still, 2, 2)
    still.advance(STEP)
    still.make_elb("web-elb", Servers=[_entry(sick), _entry(well)])
    still.control("POST", "/load", {"elb": "web-elb", "value": 1.0})
    still.control("POST", "/unhealthy", {"servers": [sick["ID"]]})
    still.advance(STEP)
    still.control("POST", "/unhealthy", {"servers": []})
    still.advance(STEP)
    assert cpu(still, sick["ID"])[-2:] == [0.0, 0.5]
    assert cpu(still, well["ID"])[-2:] == [1.0, 0.5], "and its past stays when it is well again"


@pytest.mark.parametrize(
    "body",
    [
        {"elb": "nobody", "value": 1},
        {"prefix": "a", "value": 1, "trace": [[0, 1]]},
        {"prefix": "a", "trace": []},
        {"prefix": "a", "trace": [[0, 1], [0, 2]]},
        {"prefix": "a", "trace": [[0, -1]]},
        {"prefix": "a", "trace": [[0]]},
        {"server": "\u00b2", "value": 1},
        {"prefix": "a", "value": 1, "since": 10**400},
        {"prefix": "a", "value": 1, "since": -(10**400)},
        {"prefix": "a", "value": 10**400},
    ],
)
def test_a_load_that_is_none(api: Api, body: dict[str, Any]) -> None:
    answer = api.http.post(f"{api.url}/_emulator/load", json=body)
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_a_sample_is_seen_75_to_172_seconds_after_its_mark(slow: Api) -> None:
    server = slow.make_server()["ID"]
    slow.boot(server)
    now = slow.control("GET", "/clock")["now"]
    slow.advance(3 * STEP - now % STEP + 74)
    path = f"server/{server}/monitor?%7B%7D"
    mark = max(slow.get(path)["Data"])
    seen = 74
    while max(slow.get(path)["Data"]) == mark:
        slow.advance(1)
        seen += 1
    assert 75 <= seen <= 173


def test_the_clock_steps_from_change_to_change(slow: Api) -> None:
    server = slow.make_server()
    disk = slow.make_disk(server["ID"], extra={"BootAtAvailable": True})["ID"]
    elb = slow.make_elb("web-elb", Servers=[_entry(server)])["ID"]
    due = slow.control("GET", "/due")["due"]
    assert [(change["kind"], change["id"], change["becomes"]) for change in due] == [
        ("disk", disk, "available"),
        ("server", server["ID"], "up"),
    ]
    begin = slow.control("GET", "/clock")["now"]
    stepped = slow.control("POST", "/clock", {"step": True})
    assert stepped["now"] - begin == pytest.approx(68, abs=0.001)
    assert stepped["happened"][0]["becomes"] == "available"
    assert slow.disk(disk)["Availability"] == "available"
    assert slow.power(server["ID"]) == "down"
    slow.control("POST", "/clock", {"step": True})
    assert slow.power(server["ID"]) == "up"
    health = f"commonserviceitem/{elb}/health"
    assert slow.get(health)["ProxyLB"]["Servers"][0]["Status"] == "DOWN"
    slow.control("POST", "/clock", {"step": True})
    assert slow.get(health)["ProxyLB"]["Servers"][0]["Status"] == "UP"
    still_now = slow.control("GET", "/clock")["now"]
    nothing = slow.control("POST", "/clock", {"step": True})
    assert (nothing["happened"], nothing["now"]) == ([], still_now)
    _set_entries(slow, elb, _entry(server, enabled=False))
    drained = slow.control("POST", "/clock", {"step": True})["happened"]
    assert drained[0]["becomes"].endswith("has drained")
    assert slow.get(health)["ProxyLB"]["Servers"] == []
