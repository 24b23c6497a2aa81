"""`privatehost`: a physical host for the servers of one account."""

from __future__ import annotations

from sakura_emulator.api.resource import Resource, common_shape
from sakura_emulator.call import Answer, Call, done
from sakura_emulator.catalogue.plans import PRIVATE_HOST_PLANS, SERVER_PLANS
from sakura_emulator.errors import ApiError, conflict
from sakura_emulator.store import Record
from sakura_emulator.values import reference
from sakura_emulator.wire import JSON


def _servers(call: Call, record: Record) -> list[Record]:
    return [server for server in call.cloud.store.all("server") if server["private_host"] == record.id]


def shape(call: Call, record: Record) -> JSON:
    """The whole host, with what its servers take of it."""
    full = common_shape(call, record)
    plans = [SERVER_PLANS[server["plan"]] for server in _servers(call, record)]
    return {
        **{key: full[key] for key in ("ID", "Name", "Description", "Tags", "Icon", "CreatedAt")},
        "Plan": PRIVATE_HOST_PLANS[record["plan"]],
        "Host": {"Name": f"sac-{record.zone}-sv{record.id % 97 + 101}"},
        "AssignedCPU": sum(plan["CPU"] for plan in plans),
        "AssignedMemoryMB": sum(plan["MemoryMB"] for plan in plans),
    }


def create(call: Call) -> Answer:
    """POST /privatehost."""
    plan = reference(call.envelope("PrivateHost").get("Plan"), "Plan")
    if plan not in PRIVATE_HOST_PLANS:
        raise ApiError(400, "param_res_not_found", f"Plan {plan}")
    return PRIVATE_HOST.answer(call, PRIVATE_HOST.create(call, plan=plan), 201)


def update(call: Call) -> Answer:
    """PUT /privatehost/:id."""
    record = PRIVATE_HOST.own(call)
    PRIVATE_HOST.change(call, record)
    return PRIVATE_HOST.answer(call, record)


def delete(call: Call) -> Answer:
    """DELETE /privatehost/:id of a host without servers."""
    record = PRIVATE_HOST.own(call)
    if _servers(call, record):
        raise conflict("conflict", f"private host {record.id} has servers")
    call.cloud.store.delete(record)
    return done()


PRIVATE_HOST = Resource("privatehost", "PrivateHost", "PrivateHosts", shape)
ROUTES = PRIVATE_HOST.routes(
    ("POST", "privatehost", create), ("PUT", "privatehost/:id", update), ("DELETE", "privatehost/:id", delete)
)
