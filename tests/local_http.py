"""HTTP to servers on this machine, for all tests together: a client takes 25 ms to make."""

from __future__ import annotations

import httpx

from tests.waiting import PATIENCE

HTTP = httpx.Client(trust_env=False, verify=False, timeout=PATIENCE, limits=httpx.Limits(max_keepalive_connections=0))
"""Without connections that a server's end would break."""
