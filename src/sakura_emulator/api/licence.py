"""`license`: licences of the vendor's software. The sandbox refuses them."""

from __future__ import annotations

from sakura_emulator.api.bridge import refuse_in_sandbox
from sakura_emulator.api.resource import Resource, common_shape
from sakura_emulator.call import Answer, Call
from sakura_emulator.catalogue.plans import LICENSE_PLANS
from sakura_emulator.errors import ApiError
from sakura_emulator.store import Record
from sakura_emulator.values import reference
from sakura_emulator.wire import JSON


def shape(call: Call, record: Record) -> JSON:
    """The whole licence; it has neither tags nor an icon."""
    full = common_shape(call, record)
    kept = {key: full[key] for key in ("ID", "Name", "Description", "CreatedAt", "ModifiedAt")}
    plan = LICENSE_PLANS[record["plan"]]
    return {**kept, "LicenseInfo": {key: plan[key] for key in ("ID", "Name", "ServiceClass")}}


def create(call: Call) -> Answer:
    """POST /license."""
    refuse_in_sandbox(call)
    plan = reference(call.envelope("License").get("LicenseInfo"), "LicenseInfo")
    if plan not in LICENSE_PLANS:
        raise ApiError(400, "param_res_not_found", f"LicenseInfo {plan}")
    return LICENSE.answer(call, LICENSE.create(call, plan=plan), 201)


def update(call: Call) -> Answer:
    """PUT /license/:id."""
    record = LICENSE.own(call)
    LICENSE.change(call, record)
    return LICENSE.answer(call, record)


LICENSE = Resource("license", "License", "Licenses", shape, zonal=False)
ROUTES = LICENSE.routes(
    ("POST", "license", create), ("PUT", "license/:id", update), ("DELETE", "license/:id", LICENSE.remove)
)
