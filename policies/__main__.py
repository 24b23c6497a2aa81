"""The policy pack, as `pulumi preview --policy-pack policies` starts it. It serves the engine and never returns."""

import sys
from pathlib import Path

import pulumi
from pulumi_policy import PolicyPack

# The engine puts this folder on the path, not the one around it.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from policies.levels import KIND_KEY, kind_of
from policies.pack import Pack
from policies.rules import RULES

stack = pulumi.get_stack()
PolicyPack(
    "sakura-fleet", policies=Pack(RULES, stack, kind_of(stack, pulumi.Config(KIND_KEY[0]).get(KIND_KEY[1]))).policies()
)
