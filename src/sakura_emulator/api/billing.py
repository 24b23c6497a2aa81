"""Bills and coupons, under `api/system/1.0`: last month's bill, without an amount, as nothing here costs anything."""

from __future__ import annotations

from datetime import datetime, timedelta

from sakura_emulator.api.place import MEMBER
from sakura_emulator.api.resource import Route
from sakura_emulator.call import Answer, Call
from sakura_emulator.clock import JST
from sakura_emulator.errors import not_found
from sakura_emulator.wire import JSON

_FIRST_ID = 9000000  # and the month: 9202608


def _bill(call: Call) -> JSON:
    """Last month's bill."""
    first = datetime.fromtimestamp(call.now, JST).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    date = (first - timedelta(days=1)).replace(hour=0)
    return {
        "BillID": _FIRST_ID + date.year * 100 + date.month,
        "Amount": 0,
        "Date": date.isoformat(),
        "MemberID": MEMBER,
        "Paid": True,
        "PayLimit": first.replace(day=28).isoformat(),
        "PaymentClassID": 999,
    }


def _bills(call: Call, bills: list[JSON]) -> Answer:
    listed = [{"Index": index, **bill} for index, bill in enumerate(bills)]
    return Answer({"From": 0, "Count": len(listed), "Total": len(listed), "Bills": listed, "is_ok": True})


def by_contract(call: Call) -> Answer:
    """GET /bill/by-contract/:account, optionally of one year or month."""
    account = call.args["account"]
    if account != str(call.cloud.settings.account_id):
        raise not_found(f"account {account}")
    bill = _bill(call)
    year, month = call.args.get("year", ""), call.args.get("month", "")
    date = datetime.fromisoformat(bill["Date"])
    fits = year in ("", str(date.year)) and month.lstrip("0") in ("", str(date.month))
    return _bills(call, [bill] if fits else [])


def read(call: Call) -> Answer:
    """GET /bill/id/:id: a list of one."""
    bill = _bill(call)
    if call.args["id"] != str(bill["BillID"]):
        raise not_found(f"bill {call.args['id']}")
    return _bills(call, [bill])


def details(call: Call) -> Answer:
    """GET /billdetail/:member/:id."""
    bill = _bill(call)
    if call.args["id"] != str(bill["BillID"]) or call.args["member"] != MEMBER:
        raise not_found(f"bill {call.args['id']} of {call.args['member']}")
    detail = {
        "Index": 0,
        "ContractID": call.cloud.settings.account_id,
        "Amount": 0,
        "Description": "the emulator costs nothing",
        "ServiceClassID": 50050,
        "ServiceClassPath": "cloud/plan/1core-1gb",
        "Usage": 0,
        "FormattedUsage": "0",
        "ServiceUsagePath": "cloud/plan/1core-1gb",
        "Zone": "is1a",
        "ContractEndAt": None,
    }
    return Answer({"Count": 1, "BillDetails": [detail], "is_ok": True})


def coupons(call: Call) -> Answer:
    """GET /coupon/:account: none."""
    return Answer({"From": 0, "Count": 0, "Total": 0, "Coupons": [], "is_ok": True})


ROUTES: list[Route] = [
    ("GET", "system/bill/by-contract/:account", by_contract),
    ("GET", "system/bill/by-contract/:account/:year", by_contract),
    ("GET", "system/bill/by-contract/:account/:year/:month", by_contract),
    ("GET", "system/bill/id/:id", read),
    ("GET", "system/billdetail/:member/:id", details),
    ("GET", "system/coupon/:account", coupons),
]
