"""Where a host answers over TCP and UDP, the HTTPS record makes HTTP/3 the first request's protocol."""

from __future__ import annotations

from pathlib import Path

from tests.host.browser import running_browser


def test_http_3_is_chosen_where_the_record_says_so(tmp_path: Path) -> None:
    (tmp_path / "browser").mkdir()
    with running_browser(tmp_path / "browser") as browser:
        protocols = {name: browser.first_protocol(name, tmp_path / name) for name in ("announced", "without")}
    assert protocols == {"announced": "h3", "without": "h2"}
