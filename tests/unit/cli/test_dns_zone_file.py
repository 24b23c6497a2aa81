"""`dns export`, `dns plan` and `dns apply` against a zone of the emulator."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from click.testing import Result

from sakura_emulator.server import Running
from sakura_fleet import tokens
from sakura_fleet.cli import dns_zone_file
from sakura_fleet.errors import NoStackError
from tests.emulator.support import JSON, Api
from tests.unit.folder import Folder

OTHERS: list[JSON] = [
    {"Name": "@", "Type": "MX", "RData": "10 MAIL.example.net.", "TTL": 60, "Comment": "kept"},
    {"Name": "_acme-challenge", "Type": "TXT", "RData": "token"},
    {"Name": "www", "Type": "A", "RData": "192.0.2.1", "TTL": 300},
    {"Name": "www", "Type": "HTTPS", "RData": '10 . alpn="h3,h2"', "TTL": 30},
]
FILE = """$TTL 300
www  A     192.0.2.2
www  30 HTTPS 10 . alpn=h3,h2
new  AAAA  2001:DB8::1
"""


class Zone:
    """A zone in the emulator, and the commands on it."""

    def __init__(self, folder: Folder, api: Api, state: list[JSON]) -> None:
        self.folder, self.api, self.state = folder, api, state
        self.id = str(api.make_zone("example.com", OTHERS)["ID"])

    @property
    def records(self) -> list[JSON]:
        found: list[JSON] = self.api.item(int(self.id))["Settings"]["DNS"]["ResourceRecordSets"]
        return found

    def put(self, records: list[JSON]) -> None:
        self.api.put_item(int(self.id), Settings={"DNS": {"ResourceRecordSets": records}})

    def run(self, command: str, *arguments: str, file: str = FILE, answer: str | None = None) -> Result:
        (self.folder.root / "zone").write_text(file, "utf-8")
        return self.folder.run("dns", command, "-s", "test", "example.com", "zone", *arguments, answer=answer)

    def own(self, *keys: tuple[str, str]) -> None:
        """These sets are of the stack."""
        records = [{"name": name, "type": kind, "ttl": 300, "values": []} for name, kind in keys]
        outputs = {"zone_id": self.id, "records": records}
        self.state.append({"type": tokens.DNS_RECORD_SETS, "id": self.id, "urn": "urn:dns", "outputs": outputs})


@pytest.fixture
def zone(monkeypatch: pytest.MonkeyPatch, folder: Folder, emulator: Running) -> Iterator[Zone]:
    state: list[JSON] = []

    class Engine:
        """A stack whose state the test writes."""

        def __init__(self, *_: object) -> None: ...

        def resources(self) -> list[JSON]:
            return state

    monkeypatch.setattr(dns_zone_file, "StackEngine", Engine)
    folder.write(api_root=emulator.api_root, rate_limit=1000)
    api = Api(emulator.url)
    with api.http:
        yield Zone(folder, api, state)


def test_an_export_is_a_plan_without_changes(zone: Zone) -> None:
    result = zone.folder.run("dns", "export", "-s", "test", "Example.COM", "-f", "out.zone")
    assert (result.exit_code, result.output) == (0, "")
    text = (zone.folder.root / "out.zone").read_text("utf-8")
    assert "@ 60 IN MX 10 MAIL.example.net.\n" in text
    assert "www 30 IN HTTPS 10 . alpn=h3,h2\n" in text
    assert zone.folder.run("dns", "export", "-s", "test", "example.com").output == text
    result = zone.run("plan", "--delete", file=text)
    assert (result.exit_code, result.output) == (
        0,
        "example.com: 0 sets to add, 0 to change, 0 to delete, 0 stay\n",
    )
    result = zone.run("apply", "--delete", file=text)
    assert result.exit_code == 0, "nothing to write is nothing to ask"
    assert zone.records == OTHERS


def test_a_plan_shows_every_record_that_changes_and_what_stays(zone: Zone) -> None:
    result = zone.run("plan")
    assert (result.exit_code, result.stdout.splitlines()) == (
        3,
        [
            "- www 300 A 192.0.2.1",
            "+ www 300 A 192.0.2.2",
            "+ new 300 AAAA 2001:db8::1",
            "  @ MX stays: not in the file",
            "  _acme-challenge TXT stays: not in the file",
            "example.com: 1 sets to add, 1 to change, 0 to delete, 2 stay",
        ],
    )
    assert zone.records == OTHERS


def test_apply_as_json(zone: Zone) -> None:
    before = zone.records
    refused = zone.run("apply", "-o", "json", "--yes", file="www 1 A 192.0.2.3\n")
    document = json.loads(refused.stdout)
    assert (refused.exit_code, document["written"], bool(document["problems"])) == (1, False, True)
    unsure = zone.run("apply", "-o", "json", answer="n\n")
    assert (unsure.exit_code, unsure.stdout) == (1, "")
    assert "Write this?" in unsure.stderr
    assert "+ new" in unsure.stderr, "the plan is shown before the question"
    assert zone.records == before
    done = zone.run("apply", "-o", "json", "-y")
    planned = json.loads(done.stdout)
    assert planned.pop("written") is True
    assert [change["name"] for change in planned["changes"]] == ["www", "new"]
    again = zone.run("apply", "-o", "json", "-y")
    assert (again.exit_code, json.loads(again.stdout)["changes"], json.loads(again.stdout)["written"]) == (0, [], False)


def test_apply_writes_what_the_plan_shows_and_nothing_else(zone: Zone) -> None:
    result = zone.run("apply", answer="n\n")
    assert result.exit_code == 1
    assert zone.records == OTHERS
    result = zone.run("apply", answer="y\n")
    assert result.exit_code == 0, result.output
    assert zone.records == [
        *OTHERS[:2],
        {"Name": "www", "Type": "A", "RData": "192.0.2.2", "TTL": 300},
        OTHERS[3],
        {"Name": "new", "Type": "AAAA", "RData": "2001:db8::1", "TTL": 300},
    ]
    assert zone.run("plan").exit_code == 0


def test_what_the_file_does_not_name_goes_only_when_asked(zone: Zone) -> None:
    zone.own(("@", "MX"))
    result = zone.run("apply", "--delete", "--yes")
    assert "- _acme-challenge 3600 TXT token\n" in result.output
    assert "  @ MX stays: of the stack test\n" in result.output
    assert [(record["Name"], record["Type"]) for record in zone.records] == [
        ("@", "MX"),
        ("www", "A"),
        ("www", "HTTPS"),
        ("new", "AAAA"),
    ]


def test_the_sets_of_a_stack_are_changed_in_the_stack(zone: Zone) -> None:
    zone.own(("www", "A"))
    for command in ("plan", "apply"):
        result = zone.run(command, *(["--yes"] if command == "apply" else []))
        assert result.exit_code == 1
        assert "www A: the set belongs to the stack test; change it there" in result.output
        assert "[set-of-a-stack]" in result.output
    assert zone.records == OTHERS
    assert zone.run("plan", file="www 300 A 192.0.2.1\n").exit_code == 0, "an equal set is no change"


def test_a_stack_that_was_never_brought_up_owns_nothing(zone: Zone, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(*_: object) -> None:
        raise NoStackError("no such stack")

    monkeypatch.setattr(dns_zone_file, "StackEngine", gone)
    assert zone.run("plan").exit_code == 3


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("www A 192.0.2.300\n", "line 1: www A: '192.0.2.300' is not an IPv4 address [a-value]"),
        ("www.example.org. A 192.0.2.3\n", "the name is not in the zone example.com [outside-zone]"),
        ("www 1 A 192.0.2.3\n", "line 1: www A: 1 is out of range"),
        ("$TTL 300\n\nx A 192.0.2.1\nx HTTPS ( 1 .\n alpn=“h2” )\n", "line 4: x HTTPS: 'alpn=“h2”' holds U+201C"),
        ("a CNAME b.example.net.\na TXT x\n", "no other record may be beside a CNAME"),
        ("_acme-challenge CNAME b.example.net.\n", "_acme-challenge TXT token; _acme-challenge CNAME"),
        ("x HTTPS 1 .\n", "add A, AAAA or ALIAS (or run it with --allow svcb-target-without-address) [svcb-t"),
        (
            "x A 192.0.2.1\nx HTTPS 1 . alpn=h2c\n",
            "and has no place here; write h2 (or run it with --allow svcb-cleartext",
        ),
        ("a 60 A 192.0.2.1\na 30 A 192.0.2.2\n", "[unequal-ttls]"),
        ("\udcff", "bad cannot be read: it is not UTF-8"),
    ],
)
def test_a_file_that_is_refused(zone: Zone, file: str, expected: str) -> None:
    (zone.folder.root / "bad").write_bytes(file.encode("utf-8", "surrogateescape"))
    for command in (["plan"], ["apply", "--yes"]):
        result = zone.folder.run("dns", *command, "-s", "test", "example.com", "bad")
        assert result.exit_code == 1
        assert expected in result.output
        assert "in bad; nothing was changed" in result.output
    assert zone.records == OTHERS


def test_everything_wrong_in_a_file_comes_at_once_with_its_line(zone: Zone) -> None:
    file = (
        "a A 192.0.2.300\n"
        "b HTTPS 1 . alpn=\n"
        'c TXT "open\n'
        "d 1 A 192.0.2.1\n"
        "e HINFO x y\n"
        "f HTTPS 1 .\n"
        "g.example.org. A 192.0.2.1\n"
    )
    result = zone.run("plan", file=file)
    assert (result.exit_code, result.stdout) == (1, "")
    lines = [line.strip() for line in result.stderr.splitlines()[1:]]
    assert [(line.partition(":")[0], line.rpartition("[")[2]) for line in lines] == [
        ("line 1", "a-value]"),
        ("line 2", "svcb-empty-value]"),
        ("line 3", "zone-file]"),
        ("line 4", "range]"),
        ("line 5", "unknown-type]"),
        ("line 6", "svcb-target-without-address]"),
        ("line 7", "outside-zone]"),
    ]
    assert "--allow svcb-target-without-address" in lines[5]


def test_a_plan_as_json(zone: Zone) -> None:
    result = zone.run("plan", "-o", "json", file=FILE + "x A 192.0.2.1\nx HTTPS 1 . alpn=h3-29\n")
    assert (result.exit_code, result.stderr) == (3, "")
    found = json.loads(result.stdout)
    assert found["zone"] == "example.com"
    assert found["changes"][:2] == [
        {
            "name": "www",
            "type": "A",
            "before": {"ttl": 300, "values": ["192.0.2.1"]},
            "after": {"ttl": 300, "values": ["192.0.2.2"]},
        },
        {"name": "new", "type": "AAAA", "before": None, "after": {"ttl": 300, "values": ["2001:db8::1"]}},
    ]
    assert found["stay"][0] == {"name": "@", "type": "MX", "why": "not in the file"}
    assert [(warning["line"], warning["rule"]) for warning in found["warnings"]] == [
        (6, "svcb-draft-alpn"),
        (6, "svcb-https-only"),
    ]
    refused = zone.run("plan", "-o", "json", file="www 1 A 192.0.2.3\n")
    assert refused.exit_code == 1
    assert [(found["line"], found["rule"]) for found in json.loads(refused.stdout)["problems"]] == [(1, "range")]


def test_a_byte_order_mark_is_no_part_of_the_first_name(zone: Zone) -> None:
    assert zone.run("plan", file="\ufeffwww 300 A 192.0.2.1\n").exit_code == 0


def test_what_others_made_against_the_rules_is_no_change(zone: Zone) -> None:
    odd: list[JSON] = [
        {"Name": "two", "Type": "A", "RData": "192.0.2.1", "TTL": 60},
        {"Name": "two", "Type": "A", "RData": "192.0.2.2", "TTL": 30},
        {"Name": "ech", "Type": "HTTPS", "RData": "1 . alpn=h2 ech=AAX+DQABAA== key65535=x key700=\\195"},
        {"Name": "half", "Type": "HTTPS", "RData": "1 . alpn=h2", "TTL": 60},
        {"Name": "half", "Type": "HTTPS", "RData": "2 . new-key=1", "TTL": 60},
        {"Name": "caa", "Type": "CAA", "RData": '1 issue "x"'},
        {"Name": "odd", "Type": "CNAME", "RData": "a\\.b.example.net."},
        {"Name": "txt", "Type": "TXT", "RData": '"in quotes"'},
    ]
    zone.put(odd)
    text = zone.folder.run("dns", "export", "-s", "test", "example.com").stdout
    assert "ech 3600 IN HTTPS 1 . alpn=h2 ech=AAX+DQABAA== key700" in text
    result = zone.run("plan", "--delete", file=text)
    assert result.exit_code == 0, result.output
    assert "already in the zone: two A: the records of one set have the TTLs 30, 60" in result.stderr
    assert "  half HTTPS stays: no zone file can hold it\n" in result.stdout
    assert zone.run("apply", "--delete", file=text).exit_code == 0
    assert zone.records == odd
    changed = zone.run("plan", file=text.replace("two 60 IN A 192.0.2.1", "two 60 IN A 192.0.2.3"))
    assert "[unequal-ttls]" in changed.stderr.partition("Error:")[2], "what changes is judged"
    assert changed.exit_code == 1


def test_a_rule_can_be_allowed(zone: Zone) -> None:
    assert zone.run("plan", "--allow", "svcb-target-without-address", file="x HTTPS 1 .\n").exit_code == 3
    result = zone.run("plan", "--allow", "svcb-list", file="x HTTPS 1 .\n")
    assert result.exit_code == 2, "what is malformed can never be allowed"


def test_what_is_odd_is_said(zone: Zone) -> None:
    result = zone.run("plan", file="x A 192.0.2.1\nx HTTPS 1 . alpn=h3-29\n")
    assert result.exit_code == 3
    assert (
        "warning: line 2: x HTTPS: h3-29 is the id of an obsolete draft; HTTP/3 is h3 [svcb-draft-alpn]"
        in result.stderr
    )
    assert "warning: line 2: x HTTPS: browsers that see it use https only" in result.stderr


def test_what_is_odd_in_the_zone_already_is_said_too(zone: Zone) -> None:
    zone.put(
        [
            {"Name": "@", "Type": "MX", "RData": "10 mail.example.com."},
            {"Name": "a", "Type": "HTTPS", "RData": "1 . alpn="},
            {"Name": "b", "Type": "HTTPS", "RData": "0 a.example.com."},
            {"Name": "c", "Type": "A", "RData": "192.0.2.1", "TTL": 60},
            {"Name": "c", "Type": "A", "RData": "192.0.2.2", "TTL": 30},
            {"Name": "own", "Type": "HTTPS", "RData": "1 ."},
        ]
    )
    zone.own(("own", "HTTPS"))
    result = zone.run("plan", file="")
    assert result.exit_code == 0, "the file changes nothing"
    found = [line for line in result.stderr.splitlines() if line.startswith("already in the zone: ")]
    assert [line.rpartition(" ")[2] for line in found] == [
        "[svcb-empty-value]",
        "[unequal-ttls]",
        "[target-without-address]",
        "[svcb-owner-without-address]",
    ]
    assert "allow" not in result.stderr


def test_a_zone_that_changes_after_the_plan_was_shown(zone: Zone, monkeypatch: pytest.MonkeyPatch) -> None:
    def meanwhile(change: JSON) -> Any:
        def confirm(_: str) -> None:
            zone.put([*zone.records, change])

        monkeypatch.setattr(dns_zone_file, "confirm", confirm)

    other = {"Name": "other", "Type": "A", "RData": "192.0.2.9"}
    meanwhile({"Name": "www", "Type": "A", "RData": "192.0.2.7", "TTL": 300})
    result = zone.run("apply")
    assert result.exit_code == 1
    assert (
        "www A changed in the zone after the plan was shown; nothing was written. Run the command again"
        in result.output
    )
    assert [record["RData"] for record in zone.records][2] == "192.0.2.1"
    zone.put(OTHERS)
    meanwhile({"Name": "new", "Type": "CNAME", "RData": "a.example.net."})
    assert "no other record may be beside a CNAME" in zone.run("apply").output
    zone.put(OTHERS)
    meanwhile(other)
    assert zone.run("apply").exit_code == 0, "what the file does not touch may change"
    assert other in zone.records
    assert {"Name": "new", "Type": "AAAA", "RData": "2001:db8::1", "TTL": 300} in zone.records


@pytest.mark.parametrize(("count", "changed", "refused"), [(10, 3, False), (10, 4, True), (9, 9, False)])
def test_a_file_that_changes_most_of_a_zone_is_asked_twice(zone: Zone, count: int, changed: int, refused: bool) -> None:
    zone.put([{"Name": f"h{number}", "Type": "A", "RData": "192.0.2.1", "TTL": 60} for number in range(count)])
    file = "".join(f"h{number} 60 A 192.0.2.2\n" for number in range(changed))
    result = zone.run("apply", "--yes", file=file)
    assert (result.exit_code != 0) is refused
    if refused:
        assert "4 of the zone's 10 records would change or go, more than 30%" in result.output
        assert zone.run("apply", "--yes", "--force", file=file).exit_code == 0
    assert [record["RData"] for record in zone.records].count("192.0.2.2") == changed


@pytest.mark.parametrize(
    ("name", "expected"),
    [("example.org", "there is no DNS zone example.org; the account has example.com"), ("a..b", "an empty label")],
)
def test_a_zone_that_is_not_there(zone: Zone, name: str, expected: str) -> None:
    result = zone.folder.run("dns", "export", "-s", "test", name)
    assert result.exit_code == 1
    assert expected in result.output


def test_data_that_nobody_can_read_is_named(zone: Zone) -> None:
    zone.put([{"Name": "x", "Type": "HTTPS", "RData": "1 . alpn=,"}])
    result = zone.folder.run("dns", "export", "-s", "test", "example.com")
    assert result.exit_code == 0
    assert "left out, as no zone file can hold its set: x HTTPS 1 . alpn=," in result.stderr
