"""`zone`, `region`, `auth-status` and IAM's `auth/context`: where one is and who one is."""

from __future__ import annotations

from sakura_emulator.api.resource import Route, fixed
from sakura_emulator.call import Answer, Call
from sakura_emulator.catalogue.places import REGIONS, ZONES

MEMBER = "abc12345"
_KEY_ID = 113000000099


def auth_status(call: Call) -> Answer:
    """GET /auth-status: flat, without an object key."""
    account = {"ID": call.cloud.settings.account_id, "Name": "emulator", "Code": "emulator", "Class": "member"}
    return Answer(
        {
            "Account": account,
            "Member": {"Code": MEMBER, "Class": "member"},
            "AuthClass": "account",
            "AuthMethod": "apikey",
            "IsAPIKey": True,
            "ExternalPermission": "bill+eventlog+cdn",
            "OperationPenalty": "none",
            "Permission": "create",
            "is_ok": True,
        }
    )


def auth_context(call: Call) -> Answer:
    """GET /auth/context of IAM: the project, which is the account, that the API key belongs to."""
    account = call.cloud.settings.account_id
    return Answer({"resource_id": _KEY_ID, "auth_type": "apikey", "limited_to_project_id": account})


ROUTES: list[Route] = [
    ("GET", "auth-status", auth_status),
    ("GET", "iam/auth/context", auth_context),
    *fixed("zone", "Zone", "Zones", lambda _: list(ZONES.values())),
    *fixed("region", "Region", "Regions", lambda _: list(REGIONS.values())),
]
