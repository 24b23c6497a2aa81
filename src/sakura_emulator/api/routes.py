"""The routes of the API: one table, put together from the modules of the resources."""

from __future__ import annotations

from sakura_emulator.api import (
    appliance,
    archive,
    billing,
    bridge,
    cdrom,
    empty,
    icon,
    interface,
    internet,
    ipaddress,
    licence,
    note,
    packetfilter,
    place,
    privatehost,
    product,
    sshkey,
    switch,
)
from sakura_emulator.api.disk import urls as disk
from sakura_emulator.api.item import urls as item
from sakura_emulator.api.resource import Route
from sakura_emulator.api.server import urls as server

ROUTES: list[Route] = [
    *place.ROUTES,
    *product.ROUTES,
    *server.ROUTES,
    *disk.ROUTES,
    *archive.ROUTES,
    *interface.ROUTES,
    *switch.ROUTES,
    *internet.ROUTES,
    *ipaddress.ROUTES,
    *bridge.ROUTES,
    *packetfilter.ROUTES,
    *note.ROUTES,
    *sshkey.ROUTES,
    *icon.ROUTES,
    *cdrom.ROUTES,
    *item.ROUTES,
    *appliance.ROUTES,
    *licence.ROUTES,
    *privatehost.ROUTES,
    *billing.ROUTES,
    *empty.ROUTES,
]
