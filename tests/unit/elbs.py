"""Settings of ELBs as people may write them."""

from __future__ import annotations

from hypothesis import strategies as st

from sakura_fleet.model.elb import CONTENT_TYPES, SSL_POLICIES

_TEXT = st.text("abcXYZ09 ./*;=,あ", max_size=12)
_WORD = st.text("abcXYZ09-", min_size=1, max_size=10)
_PORT = st.integers(1, 65_535)
_FLAG = st.booleans()
_HEADERS = st.lists(st.fixed_dictionaries({"header": _WORD, "value": _TEXT}), max_size=10)
_BIND_PORT = st.one_of(
    st.fixed_dictionaries(
        {"proxy_mode": st.just("http"), "port": _PORT},
        optional={"redirect_to_https": _FLAG, "response_headers": _HEADERS},
    ),
    st.fixed_dictionaries(
        {"proxy_mode": st.just("https"), "port": _PORT},
        optional={"http2": _FLAG, "ssl_policy": st.sampled_from(SSL_POLICIES), "response_headers": _HEADERS},
    ),
    st.fixed_dictionaries({"proxy_mode": st.just("tcp"), "port": _PORT}),
)
_DELAY = {"delay_loop": st.integers(10, 60)}
_HEALTH = st.one_of(
    st.fixed_dictionaries({"protocol": st.just("tcp")}, optional=_DELAY),
    st.fixed_dictionaries({}, optional={"path": _WORD.map("/{}".format), "host": _TEXT, **_DELAY}),
)
_MATCH = {
    "host": _TEXT,
    "path": _TEXT,
    "source_ips": _TEXT,
    "request_header_value": _TEXT,
    "request_header_value_ignore_case": _FLAG,
    "request_header_value_not_match": _FLAG,
}
_RULE = st.one_of(
    st.fixed_dictionaries({"request_header_name": _WORD, "server_group": _WORD}, optional=_MATCH),
    st.fixed_dictionaries(
        {
            "request_header_name": _WORD,
            "action": st.just("redirect"),
            "redirect_location": _WORD,
            "redirect_status_code": st.sampled_from(["301", "302"]),
        },
        optional=_MATCH,
    ),
    st.fixed_dictionaries(
        {
            "request_header_name": _WORD,
            "action": st.just("fixed"),
            "fixed_status_code": st.sampled_from(["200", "403", "503"]),
        },
        optional={**_MATCH, "fixed_content_type": st.sampled_from(CONTENT_TYPES), "fixed_message_body": _TEXT},
    ),
)
SETTINGS = st.fixed_dictionaries(
    {},
    optional={
        "bind_ports": st.lists(_BIND_PORT, max_size=2),
        "health_check": _HEALTH,
        "sorry_server": st.fixed_dictionaries({"ip_address": _WORD}, optional={"port": _PORT}),
        "rules": st.lists(_RULE, max_size=4),
        "sticky_session": _FLAG,
        "gzip": _FLAG,
        "proxy_protocol": _FLAG,
        "backend_keep_alive": st.sampled_from(["", "safe", "aggressive"]),
        "timeout": st.integers(10, 600),
        "syslog": st.fixed_dictionaries({"server": _WORD}, optional={"port": _PORT}),
    },
)
