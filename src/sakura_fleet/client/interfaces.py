"""Network interfaces of servers (API path `interface`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from sakura_fleet.client._api import ZonedApi, checked_id
from sakura_fleet.client._fields import Fields
from sakura_fleet.client._values import Json

__all__ = ["Interface", "InterfacesApi"]


@dataclass(frozen=True, slots=True)
class Interface:
    """One NIC. `shared` means the shared internet segment; `switch_id` is a user's or router's switch."""

    id: str
    mac_address: str
    ip_address: str | None
    user_ip_address: str | None
    switch_id: str | None
    shared: bool
    packet_filter_id: str | None

    @classmethod
    def from_api(cls, body: Json | Fields) -> Self:
        fields = Fields.of(body)
        switch = fields.optional_child("Switch")  # null where it is connected to nothing
        shared = switch is not None and switch.text("Scope") == "shared"
        return cls(
            id=fields.own_id(),
            mac_address=fields.text("MACAddress"),
            ip_address=fields.optional_text("IPAddress"),
            user_ip_address=fields.optional_text("UserIPAddress"),
            switch_id=None if switch is None or shared else switch.own_id(),
            shared=shared,
            packet_filter_id=fields.reference("PacketFilter"),
        )


class InterfacesApi(ZonedApi[Interface]):
    """Reads and connects NICs. Connections to networks can only be changed while the server is down."""

    PATH, SINGULAR, PLURAL = "interface", "Interface", "Interfaces"
    VALUE = Interface

    def set_user_ip(self, zone: str, interface_id: str, ip: str | None) -> Interface:
        """Note down the address that the guest uses on a switch; None clears it. The guest itself is not changed."""
        return self._update(zone, interface_id, {"UserIPAddress": ip or ""})

    def connect_packet_filter(self, zone: str, interface_id: str, packet_filter_id: str) -> None:
        """Put a packet filter before the NIC, in place of another one."""
        self._call("PUT", zone, self._at(interface_id, f"to/packetfilter/{checked_id(packet_filter_id)}"))

    def disconnect_packet_filter(self, zone: str, interface_id: str) -> None:
        """Remove the packet filter from the NIC."""
        self._call("DELETE", zone, self._at(interface_id, "to/packetfilter"))

    def connect_switch(self, zone: str, interface_id: str, switch_id: str) -> None:
        """Connect the NIC to a switch, or to the shared segment with `"shared"`."""
        network = switch_id if switch_id == "shared" else checked_id(switch_id)
        self._call("PUT", zone, self._at(interface_id, f"to/switch/{network}"))

    def disconnect_switch(self, zone: str, interface_id: str) -> None:
        """Disconnect the NIC from its network; a shared address is given back."""
        self._call("DELETE", zone, self._at(interface_id, "to/switch"))
