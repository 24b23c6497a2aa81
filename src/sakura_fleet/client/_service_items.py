"""Global service items (API path `commonserviceitem`): what ELBs and DNS zones have in common on the wire."""

from __future__ import annotations

import copy
from typing import Any, ClassVar

from sakura_fleet.client._api import GlobalApi, T
from sakura_fleet.client._values import Json, mapping

__all__ = ["ServiceItemsApi", "settings_in"]


def settings_in(body: Json, key: str) -> dict[str, Any]:
    """The settings below `key` as the API sent them, unknown keys included; a copy, to be changed and sent back."""
    return copy.deepcopy(dict(mapping(mapping(body.get("Settings")).get(key))))


class ServiceItemsApi(GlobalApi[T]):
    """Items of one provider class. Settings are replaced as a whole, so send back everything that was read.

    `settings_hash` is the hash that was read with the settings: if somebody else wrote in between, the write raises
    `ConflictError` and changes nothing. After a lost answer a write is repeated, so such a conflict may also come from
    one's own first attempt: read again and compare before giving up. "" writes without that guard.
    """

    PATH, SINGULAR, PLURAL = "commonserviceitem", "CommonServiceItem", "CommonServiceItems"
    SETTINGS: ClassVar[str]
    """The key below `Settings`."""
    CLASS: ClassVar[str]
    """The provider class."""

    def _make(self, body: Json, settings: Json) -> T:
        return self._create(
            self._zone, {**body, "Provider": {"Class": self.CLASS}, "Settings": {self.SETTINGS: settings}}
        )

    def _put(self, item_id: str, labelled: Json, settings: Json, settings_hash: str) -> T:
        body: dict[str, Any] = {**labelled, "Settings": {self.SETTINGS: settings}}
        if settings_hash:
            body["SettingsHash"] = settings_hash
        return self._update(self._zone, item_id, body)
