"""The policy pack: the rules that every resource of a preview or update is checked by. docs/policies.md is
made from them."""
