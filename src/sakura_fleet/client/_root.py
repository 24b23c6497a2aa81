"""The API root as the transport takes it."""

from __future__ import annotations

import httpx

from sakura_fleet.errors import InputError, Problem
from sakura_fleet.model.api_root import check_api_root


def checked_root(api_root: str) -> httpx.URL:
    """The API root as a URL without a final slash; `InputError` says what is wrong with it."""
    try:
        url = httpx.URL(api_root.strip().rstrip("/"))
    except httpx.InvalidURL as error:
        problem = f"the API root is not a URL: {error}"
    else:
        problem = check_api_root(str(url))
    if problem:
        raise InputError([Problem("apiRoot", "api-root", problem)])
    return url
