"""The lines that point each tool at an emulator, for a shell."""

from __future__ import annotations

from sakura_emulator.process import SECRET_VARIABLE, TOKEN_VARIABLE

# The Go clients send five requests a second unless told otherwise; Terraform's providers take no more than ten.
_RATE, _TERRAFORM_RATE = 1000, 10

TOOLS = ("sakura-fleet", "usacloud", "terraform", "octodns", "autoscaler")


def lines(tool: str, url: str, *, has_token: bool) -> list[str]:
    """What a shell needs for one tool.

    With a token of its own, the lines name the variables that hold it; a shell where they are not set says so (`:?`)
    instead of going on with nothing.
    """
    token, secret = (
        f'"${{{name}:?export the {word} that the emulator was started with}}"' if has_token else "any"
        for name, word in ((TOKEN_VARIABLE, "token"), (SECRET_VARIABLE, "secret"))
    )
    root = f"{url}/cloud/zone"
    old = f"export SAKURACLOUD_ACCESS_TOKEN={token} SAKURACLOUD_ACCESS_TOKEN_SECRET={secret}"
    new = f"export SAKURA_ACCESS_TOKEN={token} SAKURA_ACCESS_TOKEN_SECRET={secret}"
    # Bills, coupons and other services ask IAM first who calls; without this they would ask the real one.
    iam = f"export SAKURA_ENDPOINTS_IAM={url}/cloud/api/iam/1.0"
    # Each name as the tool's newest release reads it; the Go clients that know both names take the newer first.
    terraform = [
        *(new, f"export SAKURA_API_ROOT_URL={root} SAKURA_RATE_LIMIT={_TERRAFORM_RATE}", iam),
        *(old, f"export SAKURACLOUD_API_ROOT_URL={root} SAKURACLOUD_RATE_LIMIT={_TERRAFORM_RATE}"),
    ]
    return {
        "sakura-fleet": [
            *([f"export {TOKEN_VARIABLE}={token} {SECRET_VARIABLE}={secret}"] if has_token else []),
            f"# in stacks/Pulumi.STACK.yaml: sakura-fleet:api_root: {root}",
        ],
        "usacloud": [
            new,
            f"export SAKURA_API_ROOT_URL={root} SAKURA_API_REQUEST_RATE_LIMIT={_RATE} SAKURA_RATE_LIMIT={_RATE}",
            iam,
        ],
        "terraform": terraform,
        "octodns": [old, f"# in the provider's settings: endpoint: {root}/is1a/api/cloud/1.1"],
        "autoscaler": [
            old,
            f"export SAKURACLOUD_API_ROOT_URL={root} SAKURACLOUD_API_REQUEST_RATE_LIMIT={_RATE}",
        ],
    }[tool]
