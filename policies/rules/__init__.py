"""The rules, in the order of the page about them."""

from policies.rules import dns, elb, groups, network, servers, tags

RULES = (*groups.RULES, *elb.RULES, *dns.RULES, *network.RULES, *servers.RULES, *tags.RULES)
