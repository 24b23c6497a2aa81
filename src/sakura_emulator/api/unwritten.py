"""Routes of the service that nobody has written here: they answer 501 with their name."""

from __future__ import annotations

_SIM = "commonserviceitem/:id/sim"
_GATEWAY = "appliance/:id/mobilegateway"
_AUTHORITY = "commonserviceitem/:id/certificateauthority"

UNWRITTEN: tuple[tuple[str, str], ...] = (
    *(("PUT", f"server/:id/{tail}") for tail in ("to/plan/:plan", "tag")),
    *(("GET", f"server/:id/{tail}") for tail in ("cdrom", "tag")),
    *(("PUT", f"disk/:id/{tail}") for tail in ("plan", "to/blank")),
    ("POST", "archive/:id/to/zone/:zone"),
    ("POST", "sshkey/generate"),
    ("POST", "ipv6addr"),
    ("PUT", "ipv6addr/:ip"),
    ("DELETE", "ipv6addr/:ip"),
    # Appliances
    *(("GET", f"appliance/:id/{tail}") for tail in ("status", "disk/0/monitor", "database/monitor")),
    ("GET", "appliance/:id/download/log/:log"),
    *((method, "appliance/:id/database/parameter") for method in ("GET", "PUT")),
    ("POST", "appliance/:id/vpcrouter/ping/:destination"),
    *(("GET", f"{_GATEWAY}/{tail}") for tail in ("sims", "simroutes", "dnsresolver", "traffic_monitoring")),
    *(("GET", f"{_GATEWAY}/{tail}") for tail in ("traffic_status", "sessionlog")),
    *(("PUT", f"{_GATEWAY}/{tail}") for tail in ("simroutes", "dnsresolver", "traffic_monitoring")),
    ("POST", f"{_GATEWAY}/sims"),
    *(("DELETE", f"{_GATEWAY}/{tail}") for tail in ("sims/:sim", "traffic_monitoring")),
    # Service items
    ("GET", "commonserviceitem/:id/autoscale/status"),
    *(("PUT", f"commonserviceitem/:id/autoscale/{word}") for word in ("up", "down")),
    ("GET", "commonserviceitem/:id/activity/localrouter/monitor"),
    *(("PUT", f"commonserviceitem/:id/esme/{tail}") for tail in ("2fa", "2fa/otp")),
    ("GET", "commonserviceitem/:id/esme/logs"),
    ("POST", "commonserviceitem/:id/simplenotification/message"),
    ("GET", "commonserviceitem/:id/simplenotification/status"),
    ("GET", "commonserviceitem/simplenotification/history"),
    ("GET", _AUTHORITY),
    *((method, f"{_AUTHORITY}/{kind}") for kind in ("clients", "servers") for method in ("GET", "POST")),
    *(("GET", f"{_AUTHORITY}/{kind}/:certificate") for kind in ("clients", "servers")),
    *(("PUT", f"{_AUTHORITY}/clients/:certificate/{word}") for word in ("deny", "hold", "resume", "revoke")),
    *(("PUT", f"{_AUTHORITY}/servers/:certificate/{word}") for word in ("hold", "resume", "revoke")),
    *(("GET", f"{_SIM}/{tail}") for tail in ("status", "sessionlog", "metrics/monitor", "network_operator_config")),
    *(("PUT", f"{_SIM}/{tail}") for tail in ("activate", "deactivate", "imeilock", "ip", "network_operator_config")),
    *(("DELETE", f"{_SIM}/{tail}") for tail in ("imeilock", "ip")),
    ("GET", "system/billdetail/:member/:id/csv"),
)
