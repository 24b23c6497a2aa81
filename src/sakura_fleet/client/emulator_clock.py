"""The clock of an emulated cloud, which may run ahead of this machine's, or faster."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlsplit

import httpx

TIMEOUT: Final = 3.0


def emulator_time(api_root: str) -> datetime | None:
    """The time of the emulator whose API is at `api_root`, in UTC; None where it does not say (`GET
    /_emulator/clock`)."""
    root = urlsplit(api_root)
    try:
        with httpx.Client(trust_env=False, timeout=TIMEOUT, verify=False) as client:  # noqa: S501 - plain http
            answer = client.get(f"{root.scheme}://{root.netloc}/_emulator/clock").raise_for_status().json()
        return datetime.fromtimestamp(float(answer["now"]), UTC)
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, TypeError, KeyError, OverflowError):
        return None
