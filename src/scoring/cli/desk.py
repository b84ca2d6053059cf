"""
Where submissions are scored by the command `score`: in this process, or in one of several.

Owns what is done with a line by itself: it is read, scored, and what will be shown of it is worked out. Must not know of the order of lines, of logs or of
files: one process has these.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from scoring.audit.entry import entry_line
from scoring.cli.inputs import read_line
from scoring.cli.output import json_text
from scoring.cli.results import cells, said_in
from scoring.engine.rubric import Rubric
from scoring.engine.submission import MAX_SUBMISSION
from scoring.errors import Problem, SubmissionError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from scoring import Decision
    from scoring.cli.inputs import Unread

__all__ = ["Desk", "Scored", "Wanted"]


class Wanted(NamedTuple):
    """
    What is made of a submission.

    Attributes:
        json: Show it to machines, else to people. quiet: Show nothing.
        entry: Write the entry. kept: Keep the submission and the decision, for a log.
    """

    json: bool = False
    quiet: bool = False
    entry: bool = False
    kept: bool = False


class Scored(NamedTuple):
    """
    What came of one line.

    Attributes:
        line, column: Where it stood; the column of a fault, else 0.
        problems: Why it was not scored.
        name: Its id. submission: As it was sent, where it is kept.
        data: The decision of FORMAT.md 6, where it is kept; shown: the cells of a row, or the end of a JSON object; entry: the line for `scoring append`.
    """

    line: int
    column: int = 0
    problems: Sequence[Problem] = ()
    name: Any = None
    submission: dict[str, Any] | None = None
    data: dict[str, Any] | None = None
    shown: str | tuple[str, ...] = ""
    entry: bytes = b""


class Desk:
    """A rubric and what is wanted of it. Another process can be given one."""

    def __init__(self, rubric: Rubric, wanted: Wanted) -> None:
        self._rubric = rubric
        self._wanted = wanted

    def __reduce__(self) -> Any:
        rubric = self._rubric
        return _desk, (rubric.pack, rubric.profile, rubric.level, self._wanted)

    def __call__(self, lines: Sequence[Unread]) -> list[Scored]:
        """Score some lines, in their order."""
        return [self._scored(line) for line in lines]

    def show(self, decision: Decision) -> str | tuple[str, ...]:
        """What is shown of a decision, without where it stood and where it is recorded."""
        if self._wanted.quiet:
            return ""
        return json_text(said_in(decision))[1:] if self._wanted.json else cells(decision, self._rubric)

    def _scored(self, unread: Unread) -> Scored:
        line = read_line(unread, MAX_SUBMISSION)
        document = line.value
        if line.problem:
            return Scored(line.number, line.column, [Problem("json", line.problem)])
        if type(document) is not dict:
            expected = "expected an object with the key answers; of several, each on a line of its own"
            return Scored(line.number, problems=[Problem("submission", expected)])
        kept = document if self._wanted.kept else None
        name = document.get("id")
        try:
            decision = self._rubric.score(document)
            entry = entry_line(document, decision.data) if self._wanted.entry else b""
        except SubmissionError as error:
            return Scored(line.number, 0, error.problems, name, kept)
        return Scored(
            line.number, 0, (), name, kept, decision.data if self._wanted.kept else None, self.show(decision), entry
        )


def _desk(pack: bytes, profile: str, level: str | None, wanted: Wanted) -> Desk:
    return Desk(Rubric(pack, profile, level), wanted)
