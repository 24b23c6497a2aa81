"""`sakura-fleet plan-check`: every rule of the plan, plans that are none, and the command around them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from sakura_fleet import tokens
from sakura_fleet.cli.main import main
from sakura_fleet.engine import plan_check
from sakura_fleet.engine.exit_codes import PlanCheckExit
from sakura_fleet.engine.plan import REPLACES, read_plan
from sakura_fleet.errors import FileError, FleetError
from tests.unit.folder import Folder
from tests.unit.plans import GROUP, PREFIX, document, member, members, step


def findings(*steps: dict[str, Any], **options: Any) -> list[tuple[str, str]]:
    found = plan_check.check_plan(read_plan(document(*steps)), **options)
    assert {finding.rule for finding in found} <= {rule.id for rule in plan_check.RULES}
    assert all(finding.way_out for finding in found)
    return [(finding.rule, finding.name) for finding in found]


def test_a_plan_that_only_adds_and_changes() -> None:
    assert findings() == []
    steps = [*members("same", 1, 2), *members("create", 3, 5), step("update", tokens.ELB_MEMBERSHIP, "m")]
    assert findings(*steps) == []


@pytest.mark.parametrize(
    ("token", "rule"), [(tokens.ELB, "elb-deleted"), (tokens.DNS_ZONE, "dns-zone-deleted")], ids=["elb", "zone"]
)
@pytest.mark.parametrize("op", ["delete", *REPLACES])
def test_what_cannot_be_had_again(token: str, rule: str, op: str) -> None:
    gone = step(op, token, "it", tokens.WEB_ELB)
    assert findings(gone) == [(rule, "it")]
    assert findings(gone, allow_delete=["other"]) == [(rule, "it")]
    assert findings(gone, allow_delete=["it"]) == []
    assert findings(gone, allow_delete=[gone["urn"]]) == []


@pytest.mark.parametrize("op", ["same", "update", "create"])
@pytest.mark.parametrize("token", [tokens.ELB, tokens.DNS_ZONE])
def test_what_stays(token: str, op: str) -> None:
    assert findings(step(op, token, "it")) == []


@pytest.mark.parametrize("where", ["outputs", "inputs"])
def test_what_was_looked_up_is_only_forgotten(where: str) -> None:
    assert findings(step("delete", tokens.ELB, "it", old={where: {"lookup": "their-elb"}})) == []
    assert findings(step("delete", tokens.DNS_ZONE, "it", old={where: {"lookup": True}})) == []
    assert findings(step("delete", tokens.DNS_ZONE, "it", old={where: {"lookup": False}})) != []


@pytest.mark.parametrize("op", REPLACES)
def test_a_replaced_server(op: str) -> None:
    host = step(op, tokens.SERVER, "www", tokens.CADDY_HOST)
    assert findings(host) == [("server-replaced", "www")]
    assert findings(host, allow_delete=["www"]) == []
    assert findings(member(op, 1), *members("same", 2, 4)) == [("server-replaced", "web-aaaaaa-001")]


def test_a_host_that_is_removed_or_renamed() -> None:
    gone = step("delete", tokens.SERVER, "www", tokens.CADDY_HOST)
    assert findings(gone) == [("server-deleted", "www")]
    assert findings(gone, step("create", tokens.SERVER, "web", tokens.CADDY_HOST)) == [("server-deleted", "www")]
    assert findings(gone, allow_delete=["www"]) == []
    assert findings(step("create", tokens.SERVER, "web", tokens.CADDY_HOST)) == []


HOST = f"{PREFIX}{tokens.CADDY_HOST}::www"
SETS = [{"name": "www", "type": "A", "ttl": 300, "values": ["192.0.2.1"]}]


def test_one_name_allows_all_that_goes_with_a_host() -> None:
    old = {"parent": HOST, "inputs": {"record_sets": SETS}}
    steps = [
        step("delete", tokens.DNS_RECORD_SETS, name, tokens.CADDY_HOST, old=old)
        for name in ("www-address", "www-https")
    ]
    found = plan_check.check_plan(read_plan(document(*steps)))
    assert [(finding.rule, finding.name) for finding in found] == [
        ("dns-records-deleted", "www-address"),
        ("dns-records-deleted", "www-https"),
    ]
    assert all("--allow-delete www" in finding.way_out and "www A" in finding.message for finding in found)
    assert findings(*steps, allow_delete=["www"]) == []
    assert findings(*steps, allow_delete=[HOST]) == []
    assert findings(*steps, allow_delete=["www-https"]) == [("dns-records-deleted", "www-address")]


def test_a_groups_name_allows_none_of_its_servers_to_be_replaced() -> None:
    steps = [member("replace", 1), *members("same", 2, 4)]
    assert findings(*steps, allow_delete=["web"]) == [("server-replaced", "web-aaaaaa-001")]


def test_records_that_go_although_the_zone_was_only_looked_up() -> None:
    zone = step("delete", tokens.DNS_ZONE, "example.com-zone", old={"outputs": {"lookup": True}})
    records = step("delete", tokens.DNS_RECORD_SETS, "example.com-records", old={"inputs": {"record_sets": SETS}})
    empty = step("delete", tokens.DNS_RECORD_SETS, "none", old={"inputs": {"record_sets": []}})
    assert findings(zone, records, empty) == [("dns-records-deleted", "example.com-records")]


def edited(before: Any, after: Any, *, name: str = "example.com-records", op: str = "update") -> dict[str, Any]:
    old, new = ({"inputs": {"zone_id": "1", "zone_name": "example.com", "record_sets": s}} for s in (before, after))
    return step(op, tokens.DNS_RECORD_SETS, name, old=old, new=new)


HTTPS = {**SETS[0], "type": "HTTPS", "values": ["1 ."]}
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


def test_a_record_set_that_an_edit_takes_out() -> None:
    both = [*SETS, HTTPS]
    (found,) = plan_check.check_plan(read_plan(document(edited(both, SETS))))
    assert (found.rule, found.name) == ("dns-records-deleted", "example.com-records")
    assert found.message == "the record sets www HTTPS would be taken out of the zone example.com"
    assert findings(edited(both, [])) == [("dns-records-deleted", "example.com-records")]
    assert findings(edited(both, SETS), allow_delete=["example.com-records"]) == []


def test_record_sets_that_stay() -> None:
    both = [*SETS, HTTPS]
    other = [{**SETS[0], "ttl": 60, "values": ["192.0.2.2"]}, HTTPS]
    assert findings(edited(both, other)) == [], "another value"
    assert findings(edited(SETS, both)) == []
    assert findings(edited(both, both, op="refresh")) == []
    assert findings(edited(both, SETS), edited([], [HTTPS], name="www-https")) == [], "another resource has it now"
    assert findings(edited(both, UNKNOWN)) == findings(edited(both, [UNKNOWN])) == [], "not known in a preview"


def test_entries_that_go_although_the_elb_was_only_looked_up() -> None:
    elb = step("delete", tokens.ELB, "their-elb", old={"outputs": {"lookup": "their-elb"}})
    entries = step("delete", tokens.ELB_MEMBERSHIP, "their-elb-web", old={"inputs": {"members": [{"key": "sfr:1"}]}})
    empty = step("delete", tokens.ELB_MEMBERSHIP, "none", old={"inputs": {"members": []}})
    assert findings(elb, entries, empty) == [("elb-entries-deleted", "their-elb-web")]


def certificate(op: str, before: list[str], after: Any) -> dict[str, Any]:
    old, new = ({"inputs": {"lets_encrypt_names": names}} for names in (before, after))
    return step(op, tokens.ELB_CERTIFICATE, "elb", old=old, new=new)


def test_certificates() -> None:
    both = ["www.example.com", "example.com"]
    assert findings(certificate("delete", both, [])) == [("elb-certificate-deleted", "elb")]
    assert findings(certificate("delete", both, []), allow_delete=["elb"]) == []
    assert findings(certificate("update", both, both[:1])) == [("elb-certificate-deleted", "elb")]
    assert findings(certificate("update", both[:1], both)) == []
    assert findings(certificate("update", both, both)) == []
    assert findings(certificate("update", both, "04da6b54-80e4-46f7-96ec-b56ff0331ba9")) == []


def test_another_fleet_id_is_one_finding_of_the_stack() -> None:
    def tagged(op: str, name: str, before: str, after: str) -> dict[str, Any]:
        old, new = ({"inputs": {"owner_tags": {"fleet": fleet, "resource": "sfr:1"}}} for fleet in (before, after))
        return step(op, tokens.STARTUP_SCRIPT, name, old=old, new=new)

    steps = [tagged("update", "a", "sf:1", "sf:2"), tagged("replace", "b", "sf:1", "sf:2")]
    assert findings(*steps) == [("fleet-changed", "fleet-test")]
    assert findings(*steps, allow_delete=["fleet-test"]) == []
    assert findings(tagged("update", "a", "sf:1", "sf:1")) == []


def test_both_halves_of_a_replacement_are_one_finding() -> None:
    halves = [step(op, tokens.SERVER, "www", tokens.CADDY_HOST) for op in ("create-replacement", "delete-replaced")]
    assert findings(*halves) == [("server-replaced", "www")]


@pytest.mark.parametrize(
    ("stay", "go", "refused"), [(1, 1, False), (2, 2, False), (1, 2, True), (1, 4, True), (0, 1, True), (9, 1, False)]
)
def test_a_group_that_shrinks(stay: int, go: int, refused: bool) -> None:
    steps = [*members("same", 1, stay), *members("delete", stay + 1, stay + go)]
    assert findings(*steps) == ([("group-shrinks", "web")] if refused else [])
    assert findings(*steps, allow_delete=["web"]) == []
    assert findings(*steps, max_removed=100) == []
    assert findings(*steps, max_removed=0) == [("group-shrinks", "web")]
    assert findings(*steps, max_removed=0, asked=go) == []
    assert findings(*steps, max_removed=0, asked=go - 1) == [("group-shrinks", "web")]


def test_members_that_are_updated_are_members() -> None:
    assert findings(*members("update", 1, 3), *members("delete", 4, 6)) == []


def test_a_new_generation_takes_the_place_of_the_old() -> None:
    old, new = members("delete", 1, 5), members("create", 1, 5, "bbbbbb")
    assert findings(*old, *new) == []
    assert findings(*old, *new[:3]) == []  # 2 of 5 fewer
    assert findings(*old, *new[:2]) == [("group-shrinks", "web")]  # 3 of 5 fewer


def test_a_replaced_member_is_one_server_however_many_steps_it_takes() -> None:
    replaced = [member(op, 1) for op in REPLACES]
    gone = members("delete", 2, 4)
    assert ("group-shrinks", "web") in findings(*replaced, *gone)  # 3 of 4
    assert ("group-shrinks", "web") not in findings(*replaced, *members("same", 2, 3), *members("delete", 4, 5))


def test_a_server_that_was_replaced_already_is_none_of_the_group() -> None:
    left = [step("delete-replaced", tokens.SERVER, "old", tokens.SERVER_GROUP, old={"delete": True})]
    assert findings(*left, *members("same", 1, 1), *members("delete", 2, 3)) == [("group-shrinks", "web")]


def test_groups_are_counted_apart() -> None:
    other = [step("delete", tokens.SERVER, f"db-{number}", tokens.SERVER_GROUP) for number in range(2)]
    for entry in other:
        entry["oldState"]["parent"] = GROUP.replace("::web", "::db")
    assert findings(*members("same", 1, 8), *other) == [("group-shrinks", "db")]


def test_protection() -> None:
    zone = (tokens.DNS_ZONE, "zone")
    assert findings(step("same", *zone, old={"protect": True})) == [("protection-removed", "zone")]
    assert findings(step("update", *zone, old={"protect": True}), allow_delete=["zone"]) == []
    assert findings(step("same", *zone, protect=True)) == []
    assert findings(step("same", *zone, new={"protect": True})) == []


def test_everything_is_found_at_once() -> None:
    steps = [
        step("delete", tokens.ELB, "e"),
        step("delete", tokens.DNS_ZONE, "z", protect=True),
        *members("delete", 1, 2),
    ]
    found = findings(*steps)
    assert found == [("elb-deleted", "e"), ("dns-zone-deleted", "z"), ("group-shrinks", "web")]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ([], "not the output of `pulumi preview --json`"),
        ({}, "not the output of `pulumi preview --json`"),
        ({"steps": []}, "not the output of `pulumi preview --json`"),
        (
            {"diagnostics": [{"severity": "error", "message": "no such zone\n"}]},
            "failed, so there is no plan .*no such",
        ),
        (document(diagnostics=[{"severity": "error", "message": "no such zone\n"}]), "its plan is not whole: no such"),
        (document(diagnostics=[{"severity": "error", "message": "x"}, None]), "not whole"),
    ],
)
def test_what_is_no_plan(given: Any, words: str) -> None:
    with pytest.raises(FleetError, match=words):
        read_plan(given)


def test_warnings_are_no_failure() -> None:
    assert read_plan(document(diagnostics=[{"severity": "warning", "message": "odd"}])) == []


def test_a_plan_without_what_stays_cannot_tell_how_many_go() -> None:
    bare = document(*members("delete", 2, 2))
    bare["changeSummary"]["same"] = 9
    with pytest.raises(FileError, match="--show-sames"):
        read_plan(bare)
    growing = document(*members("create", 2, 2))
    growing["changeSummary"]["same"] = 9
    assert len(read_plan(growing)) == 1


BAD = document(step("delete", tokens.ELB, "tk-elb", tokens.WEB_ELB))
GOOD = document(*members("create", 1, 2))


def run(given: Any, *arguments: str) -> Result:
    text = given if isinstance(given, str) else json.dumps(given)
    return CliRunner().invoke(main, ["plan-check", "-", *arguments], input=text)


def test_a_good_plan_ends_with_0() -> None:
    result = run(GOOD)
    assert (result.exit_code, result.output) == (0, "The plan takes nothing away that should stay.\n")
    assert json.loads(run(GOOD, "-o", "json").output) == {"ok": True, "findings": []}


def test_a_bad_plan_ends_with_5_and_says_what_and_how() -> None:
    result = run(BAD)
    assert result.exit_code == PlanCheckExit.REFUSED == 5
    for words in ("elb-deleted", "tk-elb", BAD["steps"][0]["urn"], "--allow-delete tk-elb", "1 finding; "):
        assert words in result.output
    assert run(BAD, "--allow-delete", "tk-elb").exit_code == 0


def test_findings_as_json() -> None:
    result = run(BAD, "-o", "json")
    assert result.exit_code == PlanCheckExit.REFUSED
    report = json.loads(result.output)
    assert not report["ok"]
    (finding,) = report["findings"]
    assert set(finding) == {"rule", "name", "urn", "message", "way_out"}
    assert (finding["rule"], finding["name"]) == ("elb-deleted", "tk-elb")


def test_the_share_is_an_option() -> None:
    shrinking = document(*members("same", 1, 1), *members("delete", 2, 5))
    assert run(shrinking).exit_code == PlanCheckExit.REFUSED
    assert run(shrinking, "--max-removed", "80").exit_code == 0
    assert run(shrinking, "--max-removed", "101").exit_code == 2


def test_a_plan_in_a_file(tmp_path: Path) -> None:
    path = tmp_path / "a plan.json"
    path.write_text(json.dumps(BAD))
    assert CliRunner().invoke(main, ["plan-check", str(path)]).exit_code == PlanCheckExit.REFUSED
    missing = CliRunner().invoke(main, ["plan-check", str(tmp_path / "none.json")])
    assert missing.exit_code == 2
    assert "No such file" in missing.output


@pytest.mark.parametrize("text", ["", "{", "Previewing update (test):", '{"a": 1}\n{"b": 2}'])
def test_no_json(text: str) -> None:
    result = run(text)
    assert result.exit_code == 1
    assert "the plan is not JSON" in result.output


def test_without_a_file_the_preview_is_run(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = folder.root / "bin" / "pulumi"
    engine.parent.mkdir()
    (folder.root / "plan.json").write_text(json.dumps(BAD))
    engine.write_text(
        '#!/bin/sh\necho "$@" > arguments\n[ ! -e broken ] || { cat broken >&2; exit 1; }\ncat plan.json\n'
    )
    engine.chmod(0o755)
    monkeypatch.setattr("sakura_fleet.engine.project.engine_path", lambda: str(engine))
    result = folder.run("plan-check", "-s", "test")
    assert result.exit_code == PlanCheckExit.REFUSED, result.output
    asked = (folder.root / "arguments").read_text()
    assert asked == "preview --json --show-sames --non-interactive --stack test\n"

    (folder.root / "broken").write_text("error: no stack named 'test' found")
    result = folder.run("plan-check", "-s", "test")
    assert result.exit_code == 1
    assert "`pulumi preview` failed: error: no stack named" in result.output

    monkeypatch.setattr("sakura_fleet.engine.project.engine_path", lambda: None)
    assert "not on PATH" in folder.run("plan-check", "-s", "test").output
