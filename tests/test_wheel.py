"""
The built wheel in a clean environment: what a user installs is what was tested here.

Needs the package index, as building a wheel and `make` do.
"""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
FIRST = """\
rubric: first-screen
version: "1"
notice: An invented number ends the test.
verdicts:
  - {id: talk, from: 75%, action: advance}
  - {id: look, from: 50%, action: review}
  - {id: no, from: 0%, action: decline}
guarantees:
  - {id: blank-never-passes, when: {every: [absent, blank]}, always: "no"}
  - {id: inventing-fails, when: {flag: fatal}, always: "no", why: it was announced}
  - {id: sums-matter, when: {section: sums, below: 50%}, never: talk}
sections:
  - id: sums
    items:
      - {id: total, kind: number, read: stated, points: 1, job_related: daily work, keys: [{id: right, is: 70}]}
      - {id: outlier, kind: number, read: contains, points: 1, job_related: daily work, keys: [{id: right, is: 141}]}
  - id: judgement
    items:
      - id: late
        kind: choice
        job_related: daily work
        options:
          A: {points: 0, flag: refer}
          B: {points: 1}
          C: {points: 0, flag: fatal}
"""
SECOND = FIRST.replace('version: "1"', 'version: "2"').replace("from: 50%, action: review", "from: 25%, action: review")
SECOND = SECOND.replace("  - {id: sums-matter, when: {section: sums, below: 50%}, never: talk}\n", "")
EXAMPLES = """\
base:
  answers: {total: "70", outlier: "141", late: B}
examples:
  - id: all-right
    shows: everything right
    expect: {verdict: talk, action: advance, score: 100%, determined_by: [band]}
  - id: one-off
    shows: what one wrong number costs
    answers: {total: "7"}
    expect: {verdict: look, action: review, score: 75%, determined_by: [band]}
"""
SUITE = """\
from hypothesis import given
from hypothesis import strategies as st

import scoring
from scoring import testing

RUBRIC = scoring.load("first/rubric.yaml")
test_laws = testing.laws(RUBRIC)


@given(testing.submissions(RUBRIC, raising="fatal"))
def test_an_invented_number_never_advances(submission):
    assert RUBRIC.score(submission).action != "advance"


@given(testing.submissions(RUBRIC, reaching="look"))
def test_the_middle_always_goes_to_a_person(submission):
    assert RUBRIC.score(submission).action == "review"


@given(st.from_type(scoring.Rubric))
def test_a_tool_of_ours_takes_any_rubric(rubric):
    assert rubric.score({"answers": {}, "facts": {"variant": v} if (v := next(iter(rubric.variants), None)) else {}})


def test_the_second_version_is_never_worse():
    assert testing.assert_never_worse("first/rubric.yaml", "second/rubric.yaml").proven


def test_nobody_notices():
    testing.assert_same_verdicts("first/rubric.yaml", "second/rubric.yaml")
"""
CONFIG = "[pytest]\naddopts = --strict-config --strict-markers -p no:cacheprovider\nfilterwarnings = error\n"


EXPECTED = """\
first/examples.yaml:7:9: example "one-off": verdict: expected look, found talk; action: expected review, found advance
a candidate moves from no to look. Decided exactly: 90 outcome combinations do; this is the smallest.
old: first-screen 1, profile default (first/rubric.yaml)
new: first-screen 2, profile default (second/rubric.yaml)
verdict        no             look
score          1/4 (25.00 %)  1/4 (25.00 %)
cut look: 1/2 -> 1/4
verdict look: from 50% -> 25% (second/rubric.yaml:6)
"total": "70"
"""


def run(*command: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    env = {
        key: value for key, value in os.environ.items() if not key.startswith(("PYTEST", "PYTHON", "COVERAGE", "COV_"))
    }
    return subprocess.run(
        [*map(str, command)], cwd=cwd, env=env, capture_output=True, text=True, check=False, timeout=300
    )


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built as a release is."""
    out = tmp_path_factory.mktemp("wheel")
    done = run(sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", out, ROOT, cwd=out)
    assert done.returncode == 0, done.stdout + done.stderr
    (built,) = out.glob("*.whl")
    return built


@pytest.fixture(scope="session")
def clean_python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A Python with the wheel, its extra `testing`, pytest, and nothing else."""
    home = tmp_path_factory.mktemp("clean")
    venv.create(home, with_pip=False)
    python = home / "bin" / "python"
    done = run(
        sys.executable, "-m", "pip", "--python", python, "install", "-q", f"{wheel}[testing]", "pytest", cwd=home
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return python


def test_a_users_own_suite_runs_against_the_wheel_and_its_failure_says_what_to_look_at(
    clean_python: Path, tmp_path: Path
) -> None:
    """Laws, strategies, assertions, examples and guarantees without a conftest; of two deliberate mistakes each is told with file and line."""
    for name, text in (("first", FIRST), ("second", SECOND)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "rubric.yaml").write_text(text, encoding="utf-8")
    (tmp_path / "first" / "examples.yaml").write_text(EXAMPLES, encoding="utf-8")
    (tmp_path / "test_first_screen.py").write_text(SUITE, encoding="utf-8")
    (tmp_path / "pytest.ini").write_text(CONFIG, encoding="utf-8")

    done = run(clean_python, "-m", "pytest", "-v", "--color=no", cwd=tmp_path)
    said = done.stdout + done.stderr
    passed = {line.split(" PASSED")[0] for line in done.stdout.splitlines() if " PASSED" in line}
    failed = {line.split(" FAILED")[0] for line in done.stdout.splitlines() if " FAILED" in line}
    assert failed == {"first/examples.yaml::one-off", "test_first_screen.py::test_nobody_notices"}, said
    assert passed == {
        "first/examples.yaml::all-right",
        "first/rubric.yaml::guarantee:blank-never-passes",
        "first/rubric.yaml::guarantee:inventing-fails",
        "first/rubric.yaml::guarantee:sums-matter",
        "second/rubric.yaml::guarantee:blank-never-passes",
        "second/rubric.yaml::guarantee:inventing-fails",
        "test_first_screen.py::test_a_tool_of_ours_takes_any_rubric",
        "test_first_screen.py::test_an_invented_number_never_advances",
        "test_first_screen.py::test_laws",
        "test_first_screen.py::test_the_middle_always_goes_to_a_person",
        "test_first_screen.py::test_the_second_version_is_never_worse",
    }, said
    for line in EXPECTED.splitlines():
        assert line.strip() in said, line
