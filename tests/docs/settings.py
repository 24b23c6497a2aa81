"""A stack's settings that have every mapping, for what is checked of each key."""

from __future__ import annotations

from typing import Any

PLAIN_SITE = {"name": "d.example.com", "file_server": {}}
MINIMAL: dict[str, Any] = {
    "fleet_id": "for-the-tests",
    "size": 1,
    "server_group": {
        "name": "web",
        "zones": ["is1b"],
        "max_size": 1,
        "presets": [{"name": "one", "size": 1}],
        "template": {
            "plan": {},
            "disks": [{}],
            "edit_parameter": {},
            "network_interfaces": [{"packet_filter": [{"protocol": "tcp"}], "expose": {"ports": [80]}}],
        },
    },
    "elb": {
        "name": "web",
        "bind_ports": [{"proxy_mode": "http", "port": 80, "response_headers": [{"header": "X", "value": "y"}]}],
        "health_check": {},
        "sorry_server": {"ip_address": "192.0.2.9"},
        "syslog": {"server": "192.0.2.8"},
        "rules": [{"host": "app.example.com", "path": "/", "server_group": "gr1"}],
    },
    "hosts": [
        {"name": "www", "zone": "is1b", "caddyfile": "www.example.com"},
        {
            "name": "app",
            "zone": "is1b",
            "binary": {"url": "https://example.com/caddy", "sha256": "0" * 64},
            "sites": [
                {"name": "a.example.com", "file_server": {}},
                {"name": "b.example.com", "reverse_proxy": {"upstreams": ["127.0.0.1:8080"], "health_uri": "/"}},
                {"name": "c.example.com", "redirect": {"to": "https://www.example.com"}},
            ],
        },
        {"name": "back", "zone": "is1b", "behind": {"networks": ["192.0.2.0/24"]}, "sites": [PLAIN_SITE]},
        {"name": "there", "address": "192.0.2.10", "ssh": {}, "sites": [{**PLAIN_SITE, "name": "e.example.com"}]},
    ],
    "dns": {
        "zone": "example.com",
        "record_sets": [
            {"name": "svc", "type": "HTTPS", "values": [{"priority": 1}]},
            {"name": "www", "type": "MX", "values": [{"priority": 0, "target": "."}]},
            {
                "name": "_sip._tcp",
                "type": "SRV",
                "values": [{"priority": 0, "weight": 0, "port": 0, "target": "."}],
            },
            {"name": "www", "type": "CAA", "values": [{"tag": "issue", "value": ";"}]},
        ],
    },
}
"""Every required setting, and as few others as there can be."""
