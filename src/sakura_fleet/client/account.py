"""Whom the API key belongs to, and what it may do (API path `auth-status`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from sakura_fleet.client._values import Json, boolean, mapping, own_id, text

__all__ = ["AuthStatus"]


@dataclass(frozen=True, slots=True)
class AuthStatus:
    """The account of the API key. `permission` is "view", "power", "arrange" or "create"; a fleet needs "create"."""

    account_id: str
    account_name: str
    account_code: str
    member_code: str
    permission: str
    operation_penalty: str
    is_api_key: bool

    @classmethod
    def from_api(cls, body: Json) -> Self:
        account = mapping(body.get("Account"))
        return cls(
            account_id=own_id(account),
            account_name=text(account.get("Name")),
            account_code=text(account.get("Code")),
            member_code=text(mapping(body.get("Member")).get("Code")),
            permission=text(body.get("Permission")),
            operation_penalty=text(body.get("OperationPenalty")),
            is_api_key=boolean(body.get("IsAPIKey")),
        )
