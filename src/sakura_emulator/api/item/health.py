"""What an ELB thinks of its entries, and a simple monitor of its target: worked out from the servers' power."""

from __future__ import annotations

from sakura_emulator import monitor, power
from sakura_emulator.call import Call
from sakura_emulator.clock import stamp
from sakura_emulator.store import Record
from sakura_emulator.values import integer, mapping, objects
from sakura_emulator.wire import JSON


def state(call: Call, record: Record) -> JSON:
    """`GET :id/health`. A disabled entry is listed as DOWN while connections are left on it, then no longer."""
    servers = [
        entry
        for server in objects(record["settings"]["ProxyLB"], "Servers")
        if (entry := _entry(call, record, server)) is not None
    ]
    return {
        "ActiveConn": sum(server["ActiveConn"] for server in servers),
        "CPS": sum(server["CPS"] for server in servers),
        "Servers": servers,
        "CurrentVIP": record["vip"],
    }


def _entry(call: Call, record: Record, server: JSON) -> JSON | None:
    noted = record["entries"][f"{server['IPAddress']}:{server['Port']}"]
    up = _is_up(call, server["IPAddress"], float(noted["since"]), enabled=noted["enabled"])
    full = call.cloud.settings.connections
    connections = full if up else 0
    if not noted["enabled"]:
        connections = _left(call, float(noted["since"])) if up else 0
        if not connections:
            return None
    listed_up = up and noted["enabled"]
    return {
        "ActiveConn": connections,
        "CPS": max(1, full // 10) if listed_up and full else 0,
        "Status": "UP" if listed_up else "DOWN",
        "IPAddress": server["IPAddress"],
        "Port": str(server["Port"]),
    }


def _is_up(call: Call, address: str, since: float, *, enabled: bool) -> bool:
    """Whether the server with this address has been up, and its entry there, for long enough."""
    server = call.cloud.server_at(address)
    up_since = power.up_since(server, call.now) if server else None
    if server is None or up_since is None or server.id in call.cloud.store.meta("unhealthy", []):
        return False
    began = max(up_since, since) if enabled else up_since
    return call.now - began >= call.cloud.settings.health_seconds


def _left(call: Call, since: float) -> int:
    """Connections that are left on an entry disabled at that time; they end evenly."""
    seconds = call.cloud.settings.drain_seconds
    gone = call.now - since
    if gone >= seconds:
        return 0
    full = call.cloud.settings.connections
    return max(1, round(full * (1 - gone / seconds))) if full else 0


def activity(call: Call, record: Record, mark: int) -> JSON:
    """One mark of the ELB's graph: the entries that are enabled now, with some noise."""
    enabled = sum(1 for noted in record["entries"].values() if noted["enabled"])
    total = enabled * call.cloud.settings.connections
    connections = monitor.noise(call, total * 0.9, total * 1.1, "connections", record["fqdn"], mark)
    return {"activeConnections": connections, "connectionsPerSec": round(connections / 10, 6)}


_LOGS_MAX = 5


def simple_monitor(call: Call, record: Record) -> JSON:
    """`GET :id/health` of a simple monitor: a server is UP while it is up, anything else always."""
    settings = mapping(record["settings"], "SimpleMonitor")
    every = max(1, integer(settings, "DelayLoop", 60))
    server = call.cloud.server_at(str(record["status"].get("Target", "")))
    up_since = power.up_since(server, call.now) if server else float(record["created"])
    word = "DOWN" if up_since is None else "UP"
    checks = int((call.now - record["created"]) // every)
    times = [record["created"] + every * number for number in range(max(1, checks - _LOGS_MAX + 1), checks + 1)]
    return {
        "LastCheckedAt": stamp(times[-1]) if times else None,
        "LastHealthChangedAt": stamp(up_since or record["created"]),
        "Health": word,
        "LatestLogs": [f"{stamp(at)} {word}" for at in reversed(times)],
    }
