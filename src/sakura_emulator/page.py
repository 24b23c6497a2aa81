"""The status page at `/`: what the cloud holds and was asked, as one document without scripts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from sakura_emulator.api.item import health
from sakura_emulator.api.item.resource import ITEM
from sakura_emulator.api.server.shape import SERVER
from sakura_emulator.call import Call
from sakura_emulator.clock import stamp
from sakura_emulator.cloud import Cloud
from sakura_emulator.control import protect, version
from sakura_emulator.errors import ControlError
from sakura_emulator.wire import JSON

STYLE_PATH = "/_emulator/page.css"
HEADERS = {
    # Nothing but this document and its style sheet: no script, no picture, no frame, no form, no other host.
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_REFRESH_SECONDS = 5
_SERVERS_MAX = 200
_REQUESTS = 50
_STYLE = """
:root { color-scheme: light dark }
body { font: 14px/1.5 system-ui, sans-serif; margin: 1.5rem; max-width: 80rem }
h1 { font-size: 1.4rem } h2 { font-size: 1.1rem; margin-top: 2rem }
table { border-collapse: collapse; width: 100% }
th, td { text-align: left; padding: .15rem .8rem .15rem 0; border-bottom: 1px solid #8884; vertical-align: top }
td { font-family: ui-monospace, monospace; font-size: 12px; overflow-wrap: anywhere }
.up, .UP, .available, .ok { color: #080 } .down, .DOWN, .failed, .bad { color: #c22 }
.migrating, .cleaning { color: #a60 }
@media (prefers-color-scheme: dark) {
  .up, .UP, .available, .ok { color: #5c5 } .down, .DOWN, .failed, .bad { color: #f77 }
}
"""

Cells = list[tuple[str, str]]  # text and class


def page_routes(cloud: Cloud) -> list[Route]:
    """The page and its style sheet."""

    async def page(request: Request) -> Response:
        try:
            protect(cloud, request)
        except ControlError as error:
            challenge = {"WWW-Authenticate": 'Basic realm="sakura-emulator"'} if error.status == 401 else {}
            return PlainTextResponse(str(error), error.status, {**HEADERS, **challenge})
        text = "".join(_document(cloud))
        return Response(text, headers=HEADERS, media_type="text/html; charset=utf-8")

    async def style(request: Request) -> Response:
        return Response(_STYLE, headers=HEADERS, media_type="text/css; charset=utf-8")

    return [Route("/", page, methods=["GET"]), Route(STYLE_PATH, style, methods=["GET"])]


def _document(cloud: Cloud) -> Iterator[str]:
    clock = cloud.clock
    pace = "stands still" if clock.frozen else f"× {clock.scale:g}"
    yield '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>sakura-emulator</title>'
    yield f'<meta http-equiv="refresh" content="{_REFRESH_SECONDS}">'
    yield f'<link rel="stylesheet" href="{STYLE_PATH}"></head><body><h1>sakura-emulator {escape(version())}</h1>'
    yield f"<p>{stamp(clock.now())} ({pace}), latency {cloud.settings.latency}, {cloud.log.total} requests</p>"
    yield from _servers(cloud)
    yield from _elbs(cloud)
    yield from _zones(cloud)
    yield from _faults(cloud)
    yield from _requests(cloud)
    yield "</body></html>"


def _call(cloud: Cloud, zone: str = "") -> Call:
    """A call as a handler gets it, for the shapes of objects."""
    return Call(cloud=cloud, zone=zone, method="GET", path="/", query=b"", body={}, now=cloud.clock.now())


def _servers(cloud: Cloud) -> Iterator[str]:
    records = list(cloud.store.all("server"))
    rows = [_server(SERVER.shape(_call(cloud, record.zone), record)) for record in records[-_SERVERS_MAX:]]
    heads = ("name", "id", "zone", "status", "address", "plan", "disks", "tags")
    yield from _table("servers", f"Servers: {len(records)}", heads, rows)


def _server(server: JSON) -> Cells:
    plan, disks = server["ServerPlan"], server["Disks"]
    status = server["Instance"]["Status"]
    addresses = (interface["IPAddress"] or interface["UserIPAddress"] or "–" for interface in server["Interfaces"])
    states = [disk["Availability"] for disk in disks]
    return [
        *((str(text), "") for text in (server["Name"], server["ID"], server["Zone"]["Name"])),
        (status, status),
        (" ".join(addresses), ""),
        (f"{plan['CPU']} core, {plan['MemoryMB'] // 1024} GB", ""),
        (" ".join(states), states[0] if len(set(states)) == 1 else ""),
        (" ".join(server["Tags"]), ""),
    ]


def _elbs(cloud: Cloud) -> Iterator[str]:
    rows: list[Cells] = []
    records = cloud.store.by("item", "class", "proxylb")
    for record in records:
        state = {(entry["IPAddress"], entry["Port"]): entry for entry in health.state(_call(cloud), record)["Servers"]}
        entries = record["settings"]["ProxyLB"].get("Servers") or []
        for entry in entries or [{}]:
            seen = state.get((entry.get("IPAddress"), str(entry.get("Port"))), {})
            status = str(seen.get("Status", ""))
            address = f"{entry['IPAddress']}:{entry['Port']}" if entry else "no entries"
            enabled = "" if not entry else "yes" if entry.get("Enabled") is not False else "no"
            rows.append(
                [
                    *((str(text), "") for text in (record["name"], record.id, record["vip"], address)),
                    *((str(text), "") for text in (entry.get("ServerGroup", ""), enabled)),
                    (status, status),
                    (str(seen.get("ActiveConn", "")), ""),
                ]
            )
    heads = ("name", "id", "address", "entry", "group", "enabled", "health", "connections")
    yield from _table("elbs", f"ELBs: {len(records)}", heads, rows)


def _zones(cloud: Cloud) -> Iterator[str]:
    records = [item for item in ITEM.all(_call(cloud)) if item["class"] == "dns"]
    rows: list[Cells] = [
        [
            (str(text), "")
            for text in (zone["name"], record["Name"], record["Type"], record.get("TTL", ""), record["RData"])
        ]
        for zone in records
        for record in zone["settings"]["DNS"]["ResourceRecordSets"]
    ]
    yield from _table("records", f"DNS zones: {len(records)}", ("zone", "name", "type", "ttl", "rdata"), rows)


def _faults(cloud: Cloud) -> Iterator[str]:
    rows: list[Cells] = [
        [(str(fault[key]), "") for key in ("id", "kind", "method", "path", "seen", "fired")]
        for fault in cloud.faults.state()
    ]
    yield from _table("faults", f"Faults: {len(rows)}", ("id", "kind", "method", "path", "seen", "fired"), rows)


def _requests(cloud: Cloud) -> Iterator[str]:
    rows: list[Cells] = [
        [
            *((str(request[key]), "") for key in ("n", "method", "zone", "path")),
            (str(request["status"]) if request["status"] else "cut", "ok" if 200 <= request["status"] < 400 else "bad"),
            (f"{request['ms']:g}", ""),
            (str(request.get("fault") or request.get("error") or ""), ""),
        ]
        for request in reversed(cloud.log.since(cloud.log.total - _REQUESTS))
    ]
    heads = ("n", "method", "zone", "path", "status", "ms", "fault or error")
    yield from _table("requests", "Latest requests", heads, rows)


def _table(name: str, title: str, heads: Iterable[str], rows: list[Cells]) -> Iterator[str]:
    yield f"<h2>{escape(title)}</h2>"
    if not rows:
        return
    yield f'<table id="{name}"><thead><tr>{"".join(f"<th>{head}</th>" for head in heads)}</tr></thead><tbody>'
    for row in rows:
        cells = (
            f'<td class="{escape(kind)}">{escape(text)}</td>' if kind else f"<td>{escape(text)}</td>"
            for text, kind in row
        )
        yield f"<tr>{''.join(cells)}</tr>"
    yield "</tbody></table>"
