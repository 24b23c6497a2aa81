"""The stack's configuration, as the program asks for it."""

from __future__ import annotations

import pulumi
from pulumi.runtime.config import CONFIG, is_config_secret

from sakura_fleet.errors import InputError
from sakura_fleet.model.stack import StackConfig, read_stack
from sakura_fleet.tokens import CONFIG_NAMESPACE


def stack_config() -> StackConfig:
    """The typed configuration of the current stack. Stops the program with every problem at once."""
    prefix = f"{CONFIG_NAMESPACE}:"
    every = CONFIG.get()
    own = {key.removeprefix(prefix): value for key, value in every.items() if key.startswith(prefix)}
    secret = {key for key in own if is_config_secret(prefix + key)}
    try:
        return read_stack(own, secret_keys=secret, others=every.keys(), source=f"stack {pulumi.get_stack()}")
    except InputError as error:
        raise pulumi.RunError(error.coded()) from None


def server_password() -> pulumi.Output[str] | None:
    """The administrator's password of new servers, as a secret; None where the stack has none."""
    return pulumi.Config(CONFIG_NAMESPACE).get_secret("server_password")
