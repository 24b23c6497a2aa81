"""The API key: an access token and its secret."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from sakura_fleet.errors import CredentialsError

__all__ = ["Credentials"]

_PREFIXES = ("SAKURA", "SAKURACLOUD")  # the newer name first, as every SAKURA Cloud tool reads them


@dataclass(frozen=True, slots=True, repr=False)
class Credentials:
    """An access token and its secret. Neither appears in `repr`, in a message or in a log."""

    token: str
    secret: str

    def __repr__(self) -> str:
        return "Credentials(token='***', secret='***')"

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> Self:
        """Read `SAKURA_ACCESS_TOKEN` and `SAKURA_ACCESS_TOKEN_SECRET`, else the same with `SAKURACLOUD_`.

        A pair is never mixed from both spellings: half a pair is a `CredentialsError` that names the missing half.
        """
        for prefix in _PREFIXES:
            names = (f"{prefix}_ACCESS_TOKEN", f"{prefix}_ACCESS_TOKEN_SECRET")
            values = [env.get(name, "").strip() for name in names]
            if all(values):
                return cls(*values)
            if any(values):
                missing, present = (names[0], names[1]) if values[1] else (names[1], names[0])
                raise CredentialsError(
                    f"{missing} is not set, though {present} is; set both (the control panel lists your API keys)"
                )
        raise CredentialsError(
            "no API key: SAKURA_ACCESS_TOKEN and SAKURA_ACCESS_TOKEN_SECRET are not set (nor SAKURACLOUD_ACCESS_TOKEN "
            "and SAKURACLOUD_ACCESS_TOKEN_SECRET); make a key in the control panel and set both"
        )
