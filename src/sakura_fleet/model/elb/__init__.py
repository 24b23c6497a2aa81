"""ELBs (enhanced load balancers): their settings as typed values, and how they are read."""

from sakura_fleet.model.elb.reading import ElbArgs, read_elb, read_rule, read_settings
from sakura_fleet.model.elb.settings import (
    CONTENT_TYPES,
    MAX_BIND_PORTS,
    MAX_ENTRIES,
    MAX_RESPONSE_HEADERS,
    PLANS,
    PROXY_MODES,
    REGIONS,
    RULE_ACTIONS,
    SSL_POLICIES,
    BindPort,
    ElbSettings,
    HealthCheck,
    ResponseHeader,
    Rule,
    SorryServer,
    Syslog,
)

__all__ = [
    "CONTENT_TYPES",
    "MAX_BIND_PORTS",
    "MAX_ENTRIES",
    "MAX_RESPONSE_HEADERS",
    "PLANS",
    "PROXY_MODES",
    "REGIONS",
    "RULE_ACTIONS",
    "SSL_POLICIES",
    "BindPort",
    "ElbArgs",
    "ElbSettings",
    "HealthCheck",
    "ResponseHeader",
    "Rule",
    "SorryServer",
    "Syslog",
    "read_elb",
    "read_rule",
    "read_settings",
]
