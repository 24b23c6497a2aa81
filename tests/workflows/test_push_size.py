"""The scaler's size goes back to the branch as one line, past others' pushes, and never over a person's size."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.program.fleet import ROOT
from tests.workflows.steps import clone, git, plain_env, run_text, set_size, shell

STACK_FILE = """\
# A comment.
config:
  sakura-fleet:size: "2" # the scaler changes this
  sakura-fleet:server_group:
    min_size: 0
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A clone whose project lies in the repository's root."""
    return made(tmp_path / "clone")


def made(place: Path) -> Path:
    (place / "stacks").mkdir(parents=True)
    (place / "scripts").mkdir()
    (place / "scripts" / "ci").symlink_to(ROOT / "scripts" / "ci")
    (place / "stacks" / "Pulumi.test.yaml").write_text(STACK_FILE)
    clone(place)
    return place


def push(folder: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """The workflow's own step."""
    given = plain_env(STACK="test", GITHUB_REF_NAME="main", GITHUB_TOKEN="a-token", GITHUB_WORKFLOW="scale", **env)
    return shell(run_text("scale", "push-size.sh"), folder, given, timeout=60)


def pushed(folder: Path, *, path: str = "stacks/Pulumi.test.yaml") -> str:
    return git(folder.parent / "origin.git", "show", f"main:{path}") + "\n"


def colleague(folder: Path, name: str = "colleague") -> Path:
    place = folder.parent / name
    git(folder.parent, "clone", "--quiet", "origin.git", str(place))
    return place


def commit(place: Path, message: str = "Theirs") -> None:
    git(place, "add", "--all")
    git(place, "commit", "--quiet", "--message", message)
    git(place, "push", "--quiet", "origin", "HEAD:main")


def scaled(folder: Path, size: int) -> Path:
    set_size(folder / "stacks" / "Pulumi.test.yaml", size)
    return folder


def test_only_the_size_is_pushed(folder: Path) -> None:
    (folder / "left-over.txt").write_text("not for the branch")
    (folder / "stacks" / "Pulumi.test.yaml").write_text(
        STACK_FILE.replace('"2"', '"4"').replace("min_size: 0", "min_size: 1")
    )
    done = push(folder)
    assert done.returncode == 0, done.stderr
    assert pushed(folder) == STACK_FILE.replace('"2"', '"4"')
    origin = folder.parent / "origin.git"
    assert git(origin, "diff", "--name-only", "main~1", "main") == "stacks/Pulumi.test.yaml"
    assert git(origin, "log", "-1", "--format=%s|%an|%(trailers:key=Scaled-by,valueonly)", "main") == (
        "Size of test: 2 -> 4|github-actions[bot]|scale"
    )
    assert "a-token" not in done.stdout + done.stderr + (folder / ".git" / "config").read_text()


def test_the_same_size_is_no_commit(folder: Path) -> None:
    before = git(folder.parent / "origin.git", "rev-parse", "main")
    done = push(folder)
    assert done.returncode == 0
    assert "nothing to push" in done.stderr
    assert git(folder.parent / "origin.git", "rev-parse", "main") == before


def test_what_others_pushed_before_stays(folder: Path) -> None:
    theirs = colleague(folder)
    file = theirs / "stacks" / "Pulumi.test.yaml"
    file.write_text(file.read_text().replace("min_size: 0", "min_size: 1"))
    commit(theirs)
    assert push(scaled(folder, 4)).returncode == 0
    assert pushed(folder) == STACK_FILE.replace('"2"', '"4"').replace("min_size: 0", "min_size: 1")


def race(folder: Path, name: str, times: int, change: str) -> None:
    """Let a colleague push right before each of the first pushes, so that these are refused."""
    theirs = colleague(folder, name)
    hook = folder / ".git" / "hooks" / "pre-push"
    hook.write_text(f"""#!/bin/bash
set -e
unset "${{!GIT_@}}"
cd '{theirs}'
count=$(cat ../count 2>/dev/null || echo 0)
if ((count < {times})); then
  echo $((count + 1)) >../count
  {change}
  git -c user.name=x -c user.email=x@example.org commit --quiet -am "Theirs $count"
  git push --quiet origin HEAD:main
fi
""")
    hook.chmod(0o755)


def test_a_push_in_between_is_survived(folder: Path) -> None:
    race(folder, "racer", 2, "echo '# another' >>stacks/Pulumi.test.yaml")
    done = push(scaled(folder, 4))
    assert done.returncode == 0, done.stderr
    assert "try 2 of 5" in done.stderr
    assert pushed(folder) == STACK_FILE.replace('"2"', '"4"') + "# another\n" * 2


def test_a_size_pushed_in_between_wins(folder: Path) -> None:
    race(folder, "racer", 1, 'sed -i \'s/size: "2"/size: "7"/\' stacks/Pulumi.test.yaml')
    done = push(scaled(folder, 4))
    assert done.returncode == 0, done.stderr
    assert "theirs wins over 4" in done.stderr
    assert pushed(folder) == STACK_FILE.replace('"2"', '"7"')


def test_a_persons_size_wins_and_it_says_so(folder: Path) -> None:
    theirs = colleague(folder)
    set_size(theirs / "stacks" / "Pulumi.test.yaml", 3)
    commit(theirs)
    (theirs / "other.txt").write_text("later, and about something else")
    commit(theirs)
    done = push(scaled(folder, 4), GITHUB_ACTIONS="true")
    assert done.returncode == 0
    assert "changed the size of test to 3 meanwhile" in done.stderr
    assert "by Somebody" in done.stderr
    assert done.stdout.startswith("::warning::")
    assert pushed(folder) == STACK_FILE.replace('"2"', '"3"')


def test_a_size_that_came_by_a_merge_wins(folder: Path) -> None:
    theirs = colleague(folder)
    git(theirs, "switch", "--quiet", "--create", "topic")
    set_size(theirs / "stacks" / "Pulumi.test.yaml", 3)
    git(theirs, "commit", "--quiet", "--all", "--message", "A size", "--date", "2020-01-01T00:00:00Z")
    git(theirs, "switch", "--quiet", "main")
    (theirs / "other.txt").write_text("x")
    commit(theirs)
    git(theirs, "merge", "--quiet", "--no-ff", "--message", "Merge", "topic")
    git(theirs, "push", "--quiet", "origin", "main")
    assert "theirs wins" in push(scaled(folder, 4)).stderr
    assert pushed(folder) == STACK_FILE.replace('"2"', '"3"')


def test_the_scalers_own_earlier_size_is_nobodys(folder: Path) -> None:
    """A job that runs at the deployed commit has the scaler's earlier pushes above it."""
    assert push(scaled(folder, 4)).returncode == 0
    assert push(scaled(folder, 5)).returncode == 0
    assert pushed(folder) == STACK_FILE.replace('"2"', '"5"')
    assert git(folder, "rev-list", "--count", "HEAD..origin/main") == "2"


def test_a_refused_push_fails_and_says_that_the_file_is_wrong(folder: Path) -> None:
    hook = folder.parent / "origin.git" / "hooks" / "pre-receive"
    hook.write_text("#!/bin/sh\necho 'the branch is protected'\nexit 1\n")
    hook.chmod(0o755)
    done = push(scaled(folder, 4))
    assert done.returncode == 1
    assert "the branch is protected" in done.stderr
    assert "refused for another reason" in done.stderr
    assert pushed(folder) == STACK_FILE


def test_a_project_in_a_folder_of_its_repository(tmp_path: Path) -> None:
    inner = tmp_path / "clone" / "fleet"
    (inner / "stacks").mkdir(parents=True)
    (inner / "scripts").mkdir()
    (inner / "scripts" / "ci").symlink_to(ROOT / "scripts" / "ci")
    (inner / "stacks" / "Pulumi.test.yaml").write_text(STACK_FILE)
    clone(inner.parent)
    assert push(scaled(inner, 4)).returncode == 0
    assert pushed(inner.parent, path="fleet/stacks/Pulumi.test.yaml") == STACK_FILE.replace('"2"', '"4"')


@pytest.mark.parametrize("text", ["config: {}\n", STACK_FILE + '  sakura-fleet:size: "3"\n'])
def test_a_file_without_one_plain_size_is_refused(folder: Path, text: str) -> None:
    (folder / "stacks" / "Pulumi.test.yaml").write_text(text)
    done = push(folder)
    assert done.returncode == 1
    assert "exactly one line" in done.stderr
