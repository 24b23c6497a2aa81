"""Global service items (API path `commonserviceitem`): what ELBs and DNS zones have in common on the wire."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from sakura_fleet.client._api import GlobalApi, T
from sakura_fleet.client._fields import Fields
from sakura_fleet.client._values import Json

__all__ = ["ServiceItemsApi", "settings_in"]


def settings_in(fields: Fields, key: str) -> Fields:
    """The settings below `key` as the API sent them, unknown keys included; a copy, to be changed and sent back."""
    return fields.child("Settings").child(key).copy()


class ServiceItemsApi(GlobalApi[T]):
    """Items of one provider class. Settings are replaced as a whole, so send back everything that was read.

    `settings_hash` is the hash that was read with the settings: if somebody else wrote in between, the write raises
    `ConflictError` and changes nothing. After a lost answer a write is repeated, so such a conflict may also come from
    one's own first attempt: read again and compare before giving up.
    """

    PATH, SINGULAR, PLURAL = "commonserviceitem", "CommonServiceItem", "CommonServiceItems"
    SETTINGS: ClassVar[str]
    """The key below `Settings`."""
    CLASS: ClassVar[str]
    """The provider class."""

    def _is_match(self, item: Fields, tags: Sequence[str], name: str | None) -> bool:
        return super()._is_match(item, tags, name) and item.child("Provider").text("Class") == self.CLASS

    def _make(self, body: Json, settings: Json) -> T:
        return self._object("POST", self._zone, self.PATH, self._new(body, settings))

    def _new(self, body: Json, settings: Json) -> Json:
        provider = {"Class": self.CLASS}
        return {self.SINGULAR: {**body, "Provider": provider, "Settings": {self.SETTINGS: settings}}}

    def _put(self, item_id: str, labelled: Json, settings: Json, settings_hash: str) -> T:
        return self._object("PUT", self._zone, self._at(item_id), self._body(labelled, settings, settings_hash))

    def _body(self, labelled: Json, settings: Json, settings_hash: str) -> Json:
        return {self.SINGULAR: {**labelled, "Settings": {self.SETTINGS: settings}, "SettingsHash": settings_hash}}
