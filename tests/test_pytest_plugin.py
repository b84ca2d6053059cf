"""The pytest plugin: examples and guarantees as tests, their failures, and what it leaves alone."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from test_wheel import EXAMPLES, FIRST

CONFIG = "[pytest]\naddopts = --strict-config --strict-markers\nfilterwarnings = error\n"


class Run:
    """What a run of pytest with the plugin, and no other but those named, said."""

    def __init__(self, folder: Path, *arguments: str, plugins: tuple[str, ...] = ()) -> None:
        loaded = [part for name in ("scoring.pytest_plugin", *plugins) for part in ("-p", name)]
        done = subprocess.run(
            [sys.executable, "-m", "pytest", *loaded, "-v", "--color=no", "-p", "no:cacheprovider", *arguments],
            cwd=folder,
            env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_ADDOPTS": ""},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        self.code = done.returncode
        self.said = done.stdout + done.stderr
        self.passed = {line.split(" PASSED")[0] for line in done.stdout.splitlines() if " PASSED" in line}
        self.failed = {line.split(" FAILED")[0] for line in done.stdout.splitlines() if " FAILED" in line}


def write(folder: Path, rubric: str = FIRST, examples: str | None = None) -> None:
    (folder / "screen").mkdir()
    (folder / "screen" / "rubric.yaml").write_text(rubric, encoding="utf-8")
    if examples is not None:
        (folder / "screen" / "examples.yaml").write_text(examples, encoding="utf-8")
    (folder / "pytest.ini").write_text(CONFIG, encoding="utf-8")


def test_each_example_and_each_guarantee_is_a_test_of_its_own(tmp_path: Path) -> None:
    write(tmp_path, examples=EXAMPLES.replace("verdict: look, action: review", "verdict: talk, action: advance"))
    run = Run(tmp_path)
    assert run.code == 0, run.said
    assert run.passed == {
        "screen/examples.yaml::all-right",
        "screen/examples.yaml::one-off",
        "screen/rubric.yaml::guarantee:blank-never-passes",
        "screen/rubric.yaml::guarantee:inventing-fails",
        "screen/rubric.yaml::guarantee:sums-matter",
    }
    one = Run(tmp_path, "screen/examples.yaml::one-off")
    assert one.passed == {"screen/examples.yaml::one-off"}


def test_a_failing_example_is_told_with_line_and_caret_and_no_traceback(tmp_path: Path) -> None:
    write(tmp_path, examples=EXAMPLES)
    run = Run(tmp_path)
    assert run.code == 1
    assert run.failed == {"screen/examples.yaml::one-off"}
    expected = 'screen/examples.yaml:7:9: example "one-off": verdict: expected look, found talk; action: expected review, found advance'
    assert (
        f"{expected}\n      - id: one-off\n            ^\nIt is there to show: what one wrong number costs" in run.said
    )
    assert "Traceback" not in run.said
    assert "pytest_plugin.py" not in run.said


def test_a_guarantee_that_does_not_hold_is_told_with_line_reason_and_the_smallest_case(tmp_path: Path) -> None:
    wrong = FIRST.replace(
        "{section: sums, below: 50%}, never: talk}", "{section: sums, below: 100%}, never: talk, why: sums are the job}"
    )
    write(tmp_path, wrong)
    run = Run(tmp_path)
    assert run.failed == {"screen/rubric.yaml::guarantee:sums-matter"}
    line = 1 + wrong.splitlines().index(next(row for row in wrong.splitlines() if "sums-matter" in row))
    assert f"screen/rubric.yaml:{line}: guarantee sums-matter" in run.said
    assert "It is there because: sums are the job" in run.said
    assert "The smallest case that breaks it gets talk" in run.said
    assert '"late": "B"' in run.said
    assert "    - {id: sums-matter, when: {section: sums, below: 100%}, never: talk, why: sums are the job}" in run.said
    rows = {line[2:17].strip(): line[17:] for line in run.said.splitlines() if line.startswith("  ")}
    assert {
        "may get": "look, no",
        "action": "advance",
        "score": "3/4 (75.00 %)",
        "determined by": "band",
    }.items() <= rows.items()
    assert "late B" in rows["outcomes"]
    assert "Traceback" not in run.said


def test_a_rubric_with_errors_is_told_in_its_own_words(tmp_path: Path) -> None:
    write(tmp_path, FIRST.replace("from: 75%", "from: 75"), EXAMPLES)
    run = Run(tmp_path)
    assert run.code != 0
    assert "screen/rubric.yaml:5:22: 75 is no share; did you mean" in run.said
    assert "Traceback" not in run.said


def test_it_can_be_turned_off(tmp_path: Path) -> None:
    write(tmp_path, examples=EXAMPLES)
    (tmp_path / "pytest.ini").write_text(CONFIG + "scoring_collect = false\n", encoding="utf-8")
    assert Run(tmp_path).code == 5, "no tests were collected"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("rubric.yaml", "title: Essay\nverdicts: [good, bad]\n"),
        ("rubric.yaml", "rubric: [1, 2\n"),
        ("examples.yaml", "- anything: else\n"),
    ],
    ids=["another tool's rubric", "broken YAML", "examples without a rubric"],
)
def test_other_files_of_these_names_are_left_alone(name: str, text: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "pytest.ini").write_text(CONFIG, encoding="utf-8")
    run = Run(tmp_path)
    assert run.code == 5, run.said


def test_a_rubric_without_guarantees_or_examples_has_no_tests(tmp_path: Path) -> None:
    write(tmp_path, rubric=FIRST.partition("guarantees:")[0] + "sections:" + FIRST.partition("sections:")[2])
    assert Run(tmp_path).code == 5


@pytest.mark.parametrize(
    ("right", "typo"), [("verdicts:", "verdict:"), ("rubric:", "rubrik:"), ("guarantees:", "guarantee:")]
)
def test_a_typo_in_a_key_hides_no_test(right: str, typo: str, tmp_path: Path) -> None:
    """The rubric is an error of its own, whether its examples are or not."""
    assert right in FIRST
    write(tmp_path, rubric=FIRST.replace(right, typo), examples=EXAMPLES)
    run = Run(tmp_path)
    assert run.code not in {0, 5}, run.said
    assert typo.rstrip(":") in run.said


def test_a_file_that_is_no_text_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "rubric.yaml").write_bytes(b"rubric: \xff\nverdicts:\nguarantees:\n")
    assert Run(tmp_path).code == 5


def test_it_runs_in_several_processes(tmp_path: Path) -> None:
    write(tmp_path, examples=EXAMPLES)
    run = Run(tmp_path, "-n", "2", plugins=("xdist.plugin", "xdist.looponfail"))
    assert "1 failed, 4 passed" in run.said


def test_loading_it_loads_neither_a_rubric_nor_hypothesis_nor_yaml() -> None:
    code = (
        "import sys, pytest; before = {*sys.modules}; import scoring.pytest_plugin; print(*({*sys.modules} - before))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert {*done.stdout.split()} == {"scoring", "scoring.pytest_plugin"}


def test_the_shipped_rubrics_pass_as_a_suite() -> None:
    run = Run(Path(__file__).parents[1] / "rules", "-c", os.devnull, "--rootdir=.", ".")
    assert run.code == 0, run.said
    assert any("::guarantee:" in name for name in run.passed) or "guarantees:" not in run.said
    assert len(run.passed) > 100
