"""
The pytest plugin: every example in `examples.yaml` beside a `rubric.yaml`, and every guarantee of a `rubric.yaml`, is a test.

Loaded by pytest wherever this distribution is installed, so it imports nothing of ours until it meets such a file, and takes one for a rubric of this package
only if lines of it begin with two of the keys that its rubrics have, such as ``rubric:`` and ``verdicts:``, so that a typo hides no test. ``scoring_collect =
false`` in the pytest configuration, or ``-p no:scoring``, turns it off.
Owns what a test is called and how its failure reads; what an example or a guarantee comes to is for `scoring.change`.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from scoring.change.examples import ExampleResult
    from scoring.engine.rubric import Rubric

__all__ = ["pytest_addoption", "pytest_collect_file"]

RUBRIC, EXAMPLES = "rubric.yaml", "examples.yaml"
_KEYS = frozenset({"guarantees", "overrides", "rubric", "sections", "stages", "verdicts", "weights"})
_UNANSWERED = ("absent", "unopened", "excluded")  # outcomes of a smallest case that are not worth a word
_MOST = 1024 * 1024  # bytes; a rubric has no more


def pytest_addoption(parser: pytest.Parser) -> None:
    """Say what can be configured."""
    parser.addini(
        "scoring_collect", "collect examples.yaml and the guarantees of rubric.yaml as tests", type="bool", default=True
    )


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect a rubric's examples and guarantees."""
    if file_path.name not in {RUBRIC, EXAMPLES} or not parent.config.getini("scoring_collect"):
        return None
    if len(_KEYS & _top_keys(file_path.with_name(RUBRIC))) < 2:
        return None
    if file_path.name == EXAMPLES:
        return ExamplesFile.from_parent(parent, path=file_path)
    return GuaranteesFile.from_parent(parent, path=file_path)


def _top_keys(path: Path) -> set[str]:
    """What stands before a colon at the beginning of a line, without reading the file as YAML; nothing where it cannot be read."""
    try:
        with path.open("rb") as file:
            text = file.read(_MOST).decode()
    except (OSError, UnicodeDecodeError):
        return set()
    return {line.partition(":")[0] for line in text.splitlines() if line[:1].isalpha()}


def _shown(path: Path) -> str:
    """A path as it is shown, and clicked on: from where pytest runs."""
    try:
        return os.path.relpath(path)
    except ValueError:  # another drive
        return str(path)


class _File(pytest.File):
    """A file of tests that may be unreadable, which is then said in its author's words, without a traceback."""

    def collect(self) -> Iterator[pytest.Item]:
        from scoring.errors import RubricError, ScoringError

        try:
            yield from self._tests()
        except RubricError as error:
            raise self.CollectError("\n".join(problem.show() for problem in error.problems)) from None
        except ScoringError as error:
            raise self.CollectError(str(error)) from None

    def _tests(self) -> Iterator[pytest.Item]:
        raise AssertionError("a kind of file says what its tests are")


class ExamplesFile(_File):
    """The examples beside a rubric."""

    def _tests(self) -> Iterator[pytest.Item]:
        from scoring.change.examples import run

        report = run(_shown(self.path.with_name(RUBRIC)), _shown(self.path))
        lines = _lines_by_id(self.path, "examples")
        for result in report.results:
            yield ExampleTest.from_parent(self, name=result.id, result=result, line=lines.get(result.id, 1))


class _FailedError(Exception):
    """A test of ours failed; the message is all that is shown."""


class _Test(pytest.Item):
    """A test that is a piece of a file."""

    def __init__(self, *, line: int, **more: Any) -> None:
        super().__init__(**more)
        self.line = line

    def reportinfo(self) -> tuple[Path, int, str]:
        return self.path, self.line - 1, self.name

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        return str(excinfo.value) if isinstance(excinfo.value, _FailedError) else super().repr_failure(excinfo, style)


class ExampleTest(_Test):
    """One example."""

    def __init__(self, *, result: ExampleResult, **more: Any) -> None:
        super().__init__(**more)
        self._result = result

    def runtest(self) -> None:
        if not self._result.holds:
            problems = "\n".join(problem.show() for problem in self._result.problems)
            raise _FailedError(f"{problems}\nIt is there to show: {self._result.shows}")


class GuaranteesFile(_File):
    """What a rubric guarantees; one that has errors, a misspelt `guarantees` among them, is one."""

    def _tests(self) -> Iterator[pytest.Item]:
        from scoring.change.examples import any_level
        from scoring.change.promises import guarantees_of
        from scoring.engine.rubric import Rubric
        from scoring.errors import RubricError
        from scoring.rubric.check import check

        checked = check(_shown(self.path))
        if checked.pack is None:
            raise RubricError(problem for problem in checked.problems if problem.severity == "error")
        plan = Rubric(checked.pack, level=any_level(checked.pack)).plan
        lines = _lines_by_id(self.path, "guarantees")
        for guarantee in guarantees_of(plan):
            line = lines.get(guarantee["id"], 1)
            yield GuaranteeTest.from_parent(
                self, name=f"guarantee:{guarantee['id']}", pack=checked.pack, guarantee=guarantee, line=line
            )


def _lines_by_id(path: Path, key: str) -> dict[str, int]:
    """Where in a file that was read before the entries of a list of its stand."""
    from scoring.rubric.reader import read
    from scoring.rubric.tree import Mapping, Scalar, Sequence

    root = read(path.read_bytes(), _shown(path))
    listed = root.get(key) if isinstance(root, Mapping) else None
    entries = [entry for entry in listed if isinstance(entry, Mapping)] if isinstance(listed, Sequence) else []
    return {name.text: entry.line for entry in entries if isinstance(name := entry.get("id"), Scalar)}


class GuaranteeTest(_Test):
    """One guarantee, decided for each profile and each level."""

    def __init__(self, *, pack: bytes, guarantee: dict[str, Any], **more: Any) -> None:
        super().__init__(**more)
        self._pack = pack
        self._guarantee = guarantee

    def runtest(self) -> None:
        from scoring.change.promises import positions
        from scoring.change.prove import prove
        from scoring.engine.rubric import Rubric

        broken = []
        allowed = self._guarantee["allowed"]
        for profile, level in positions(self._document):
            rubric = Rubric(self._pack, profile, level)
            proof = prove(rubric.plan, self._guarantee)
            if not proof.holds:
                broken.append(
                    f"profile {profile}{'' if level is None else f', level {level}'}: {_said(rubric, proof, allowed)}"
                )
        if broken:
            where = f"{_shown(self.path)}:{self.line}"
            why = f"\nIt is there because: {self._guarantee['why']}" if self._guarantee.get("why") else ""
            head = f"{where}: guarantee {self._guarantee['id']}\n{_entry(self.path, self.line)}{why}"
            raise _FailedError("\n".join((head, *broken)))

    @property
    def _document(self) -> dict[str, Any]:
        from scoring import canonical

        document: Any = canonical.loads(self._pack)
        return dict(document)


def _said(rubric: Rubric, proof: Any, allowed: list[str]) -> str:
    """What came of a proof that does not hold: the smallest case that breaks it, scored, and what it may come to."""
    import json

    if proof.holds is None:
        return f"not decided: {proof.why}"
    count = "some outcome combinations do" if proof.failing is None else f"{proof.failing:,} outcome combinations do"
    decision = rubric.score(proof.witness["submission"])
    answered = [f"{item} {came}" for item, came in proof.witness["outcomes"].items() if came not in _UNANSWERED]
    facts = (
        ("may get", allowed),
        ("action", [decision.action]),
        ("score", [f"{decision.score} ({decision.percent})"] if decision.percent else []),
        ("determined by", decision.determined_by),
        ("holds", decision.holds),
        ("outcomes", answered),
    )
    rows = [f"{name:<14} {', '.join(values)}" for name, values in facts if values]
    shown = json.dumps(proof.witness["submission"], indent=2, ensure_ascii=False, sort_keys=True).splitlines()
    lines = "\n".join(f"  {line}" for line in (*rows, *shown, proof.universe))
    return f"does not hold. The smallest case that breaks it gets {decision.verdict} ({count}):\n{lines}"


def _entry(path: Path, line: int) -> str:
    """An entry of a list as its author wrote it: its first line, and those that are indented deeper."""
    from itertools import takewhile

    first, *rest = path.read_text(encoding="utf-8").splitlines()[line - 1 :]
    depth = len(first) - len(first.lstrip())
    deeper = takewhile(lambda text: len(text) - len(text.lstrip()) > depth, rest)
    return "\n".join(f"    {text[depth:]}" for text in (first, *deeper))
