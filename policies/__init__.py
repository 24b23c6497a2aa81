"""The policy pack: what every resource of a preview or update is looked at for. docs/policies.md is made from it."""
