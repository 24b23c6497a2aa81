"""Startup scripts: the user's `{{ .Name }}` becomes the note's own variable, and nothing else changes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sakura_fleet.model.server.startup_script import MAX_LENGTH, check_startup_script, note_content, uses_name
from tests.unit.model.read import rules

DECLARATION = '# @sacloud-text required maxlen=64 SERVER_NAME "name of the server"\n'


@pytest.mark.parametrize(
    ("script", "note"),
    [
        ("#!/bin/sh\necho hi\n", "#!/bin/sh\necho hi\n"),
        ("#!/bin/sh\necho {{ .Name }}\n", f"#!/bin/sh\n{DECLARATION}echo @@@SERVER_NAME@@@\n"),
        ("#!/bin/sh\necho {{.Name}} {{  .Name}}", f"#!/bin/sh\n{DECLARATION}echo @@@SERVER_NAME@@@ @@@SERVER_NAME@@@"),
        ('#!/bin/sh\necho {{ "{{" }} x }}\n', "#!/bin/sh\necho {{ x }}\n"),
        ('#!/bin/sh\necho {{"{{"}}{{ .Name }}\n', f"#!/bin/sh\n{DECLARATION}echo {{{{@@@SERVER_NAME@@@\n"),
        ("#!/bin/sh -e {{ .Name }}", f"#!/bin/sh -e @@@SERVER_NAME@@@\n{DECLARATION}"),
        ("#!/bin/sh\necho ${x} { } }} {{\n", "#!/bin/sh\necho ${x} { } }} {{\n"),
    ],
)
def test_a_note_says_the_same_in_its_own_words(script: str, note: str) -> None:
    assert check_startup_script(script, "s") == []
    assert note_content(script) == note
    assert uses_name(script) is ("@" in note)


@pytest.mark.parametrize(
    ("script", "rule"),
    [
        ("echo hi", "startup-script-shebang"),
        (" #!/bin/sh", "startup-script-shebang"),
        ("", "startup-script-shebang"),
        ("#!" + "x" * (MAX_LENGTH - 1), "startup-script-length"),
        ("#!" + "字" * (MAX_LENGTH // 3), "startup-script-length"),
        ("#!/bin/sh\n{{ .Zone }}", "startup-script-variable"),
        ("#!/bin/sh\n{{ }}", "startup-script-variable"),
    ],
)
def test_a_broken_rule_is_one_problem(script: str, rule: str) -> None:
    assert rules(check_startup_script(script, "startup_scripts[0]")) == [("startup_scripts[0]", rule)]


def test_the_longest_script_is_taken() -> None:
    assert check_startup_script("#!" + "x" * (MAX_LENGTH - 2), "s") == []


def test_a_bad_variable_is_named_with_its_line() -> None:
    problems = check_startup_script("#!/bin/sh\n{{ .Name }}\n\necho {{ .IP }}\n{{ .Zone }}\n", "s")
    assert [problem.message.partition(";")[0] for problem in problems] == [
        "line 4: unknown variable {{ .IP }}",
        "line 5: unknown variable {{ .Zone }}",
    ]
    assert "{{ .Name }}" in problems[0].message
    assert '{{ "{{" }}' in problems[0].message


def test_all_problems_of_a_script_come_together() -> None:
    found = {rule for _, rule in rules(check_startup_script("{{ .X }}" + "x" * MAX_LENGTH, "s"))}
    assert found == {"startup-script-shebang", "startup-script-length", "startup-script-variable"}


@given(st.text().map(lambda text: f"#!/bin/sh\n{text}"))
def test_a_script_without_expressions_is_never_touched(script: str) -> None:
    if "{{" not in script:
        assert note_content(script) == script


@given(st.lists(st.text(alphabet="ab\n$@", max_size=5), min_size=1, max_size=5))
def test_every_expression_is_replaced_and_the_rest_kept(parts: list[str]) -> None:
    script = "#!/bin/sh\n" + "{{ .Name }}".join(parts)
    expected = "#!/bin/sh\n" + "@@@SERVER_NAME@@@".join(parts)
    assert note_content(script).replace(DECLARATION, "", 1) == expected
