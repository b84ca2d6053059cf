"""The page on testing a rubric: its rubric is one, its tests run, and the failure that it prints is the one that comes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings
from sybil import Sybil
from sybil.parsers.markdown import PythonCodeBlockParser

from scoring import testing
from scoring.testing.register import register

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "howto" / "testing.md"
TEXT = PAGE.read_text(encoding="utf-8")
RUBRIC = TEXT.split("```yaml\n")[1].split("```")[0]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What the page assumes: the rubric in force, and its next version, which begins to look from 25 % on."""
    after = RUBRIC.replace('version: "1"', 'version: "2"').replace("from: 50%", "from: 25%")
    for name, text in (("screen", RUBRIC), ("next", after)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "rubric.yaml").write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    register()  # what Hypothesis' entry point does where the distribution is installed, as test_wheel shows
    return tmp_path


@pytest.fixture
def few_cases() -> Iterator[None]:
    """It is the page that is tested, not the rubric on it."""
    before = settings.get_current_profile_name()
    settings.register_profile("page", max_examples=15, deadline=None, suppress_health_check=[*HealthCheck])
    settings.load_profile("page")
    yield
    settings.load_profile(before)


@pytest.mark.usefixtures("project", "few_cases")
def test_every_block_of_python_runs_and_every_test_in_it_passes() -> None:
    document = Sybil(parsers=[PythonCodeBlockParser()], path=str(ROOT)).parse(PAGE)
    for example in document.examples():
        example.evaluate()
    tests = {name: thing for name, thing in document.namespace.items() if name.startswith("test_")}
    assert len(tests) == 6
    for test in tests.values():
        test()


@pytest.mark.usefixtures("project")
def test_the_failure_on_the_page_is_the_one_that_comes() -> None:
    shown = TEXT.split("AssertionError: ")[1].split("    ...\n")[0]
    with pytest.raises(AssertionError) as caught:
        testing.assert_same_verdicts("screen/rubric.yaml", "next/rubric.yaml")
    assert str(caught.value).startswith(shown)


def test_every_law_is_on_the_page() -> None:
    for name in testing.LAWS:
        assert f"| `{name}` |" in TEXT
