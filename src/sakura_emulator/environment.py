"""The lines that point each tool at an emulator. The first of them is what a shell reads; the rest is a comment."""

from __future__ import annotations

from sakura_emulator.process import SECRET_VARIABLE, TOKEN_VARIABLE

_RATE = 1000  # the Go clients ask for five answers a second unless told otherwise

TOOLS = ("sakura-fleet", "usacloud", "terraform", "octodns", "autoscaler")


def lines(tool: str, url: str, *, has_token: bool) -> list[str]:
    """What a shell needs for one tool; with a token of its own, the lines name the variables that hold it."""
    token = f'"${TOKEN_VARIABLE}"' if has_token else "any"
    secret = f'"${SECRET_VARIABLE}"' if has_token else "any"
    root = f"{url}/cloud/zone"
    old = f"export SAKURACLOUD_ACCESS_TOKEN={token} SAKURACLOUD_ACCESS_TOKEN_SECRET={secret}"
    new = f"export SAKURA_ACCESS_TOKEN={token} SAKURA_ACCESS_TOKEN_SECRET={secret}"
    # Each name as the tool's newest release reads it; the Go clients that know both names take the newer first.
    both = [new, f"export SAKURA_API_ROOT_URL={root} SAKURA_RATE_LIMIT={_RATE}"]
    legacy = [old, f"export SAKURACLOUD_API_ROOT_URL={root} SAKURACLOUD_RATE_LIMIT={_RATE}"]
    return {
        "sakura-fleet": [new, f"# in stacks/Pulumi.STACK.yaml: sakura-fleet:api_root: {root}"],
        "usacloud": both,
        "terraform": [*both, *legacy],
        "octodns": [old, f"# in the provider's settings: endpoint: {root}/is1a/api/cloud/1.1"],
        "autoscaler": legacy,
    }[tool]


def block(url: str, *, has_token: bool) -> str:
    """All tools, as `start` prints them."""
    return "\n".join(line for tool in TOOLS for line in (f"# {tool}", *lines(tool, url, has_token=has_token)))
