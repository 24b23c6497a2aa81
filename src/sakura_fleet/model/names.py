"""The forms of names and IDs that people write: one per kind, as a pattern that the whole text must match."""

from __future__ import annotations

import re
from typing import Final

RESOURCE_ID: Final = r"[0-9]{12}"
"""The ID of any object of SAKURA Cloud, and of an account."""
SERVER_NAME: Final = r"[A-Za-z0-9]([A-Za-z0-9.-]{0,62}[A-Za-z0-9])?"
"""A server's name in the cloud, which is its host name, too."""
SERVER_GROUP_NAME: Final = r"[a-z]([a-z0-9-]{0,26}[a-z0-9])?"
"""A group's name, which its servers' names begin with: there is room for much beside it."""
_LONGEST_GROUP: Final = 28
CADDY_HOST_NAME: Final = r"[a-z]([a-z0-9-]{0,62}[a-z0-9])?"
"""A Caddy host's name, which is its server's name, and the name of a resource."""
ELB_GROUP_NAME: Final = r"[A-Za-z0-9_-]{1,10}"
"""A server group inside an ELB, as its entries and rules name it."""
DNS_LABEL: Final = r"(?!-)[a-z0-9_-]{1,63}(?<!-)"
"""One label of a name in DNS, in lower case: services begin theirs with an underscore."""
_HOST_LABEL: Final = r"(?!-)[a-z0-9-]{1,63}(?<!-)"
HOST_NAME: Final = rf"(?=.{{1,253}}$){_HOST_LABEL}(?:\.{_HOST_LABEL})*"
"""A host's name in lower case, with A-labels; an IPv4 address has this form, too."""
CERTIFICATE_NAME: Final = rf"(?:\*\.)?(?=[^.]+\.){HOST_NAME}"
"""A host's whole name that a certificate is issued for; `*` may be in the place of its first label."""
RELATIVE_NAME: Final = r"@|[a-z0-9_]([a-z0-9_.-]*[a-z0-9])?"
"""A name in a DNS zone, such as `www`; `@` is the zone itself."""


def group_name_like(text: str) -> str:
    """The name of a server group that is most like a text; `web` where nothing of it can be in one."""
    name = re.sub(r"[^a-z0-9]+", "-", text.lower()).lstrip("-0123456789")[:_LONGEST_GROUP].rstrip("-")
    return name or "web"
