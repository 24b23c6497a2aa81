"""Which protocol Chromium chooses for its first request, by what the DNS says.

Where a host answers over TCP and UDP, Chromium tries HTTP/3 first, and HTTP/2 a moment later if that is slow: which
wins on a busy machine is luck, so `make load` tests that.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.host.browser import Browser, running_browser


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with running_browser(tmp_path_factory.mktemp("browser")) as browser:
        yield browser


@pytest.mark.parametrize(
    ("name", "protocol"),
    [
        ("only", "h3"),  # the record says so: no upgrade is needed
        ("unsaid", "ERR_CONNECTION_REFUSED"),  # the same host without a record: nothing tells of HTTP/3
        ("without", "h2"),
        ("quiet", "h2"),
        ("closed", "h2"),  # promised, but UDP is closed: the browser falls back and says nothing
        ("alias", "h2"),  # Chromium ignores aliases, and targets of another name
        ("indirect", "h2"),
        ("lost", "ERR_NAME_NOT_RESOLVED"),  # neither a target nor hints stand in for an A record
        ("hinted", "ERR_NAME_NOT_RESOLVED"),
    ],
)
def test_the_first_request(browser: Browser, tmp_path: Path, name: str, protocol: str) -> None:
    assert browser.first_protocol(name, tmp_path) == protocol
    assert (f"{name}.test.", "HTTPS") in browser.asked
