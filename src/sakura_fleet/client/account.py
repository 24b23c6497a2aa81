"""Whom the API key belongs to, and what it may do (API path `auth-status`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from sakura_fleet.client._fields import Fields
from sakura_fleet.client._values import Json, boolean, mapping, text

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
    def from_api(cls, body: Json | Fields) -> Self:
        fields = Fields.of(body)
        account = fields.child("Account")
        return cls(
            account_id=account.own_id(),
            account_name=text(account.get("Name")),
            account_code=text(account.get("Code")),
            member_code=text(mapping(fields.get("Member")).get("Code")),
            permission=fields.text("Permission"),
            operation_penalty=text(fields.get("OperationPenalty")),
            is_api_key=boolean(fields.get("IsAPIKey")),
        )
