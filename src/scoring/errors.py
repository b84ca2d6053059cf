"""
Every exception of the package, and the text of its message.

An error says whose fault it is: `RubricError` the author's, `SubmissionError` the caller's, `LogError` the storage's or a forger's, `StoreError`
the machine's. Messages name where, what, and what to do; they hold ids, never an answer.
This module imports nothing of ours.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = [
    "ConflictError",
    "LogError",
    "MissingExtraError",
    "Problem",
    "RubricError",
    "ScoringError",
    "StoreError",
    "SubmissionError",
    "closest",
    "closest_file",
    "did_you_mean",
]


class Problem:
    """
    One thing that is wrong (or doubtful) in a document: where, what, and what to do.

    Attributes:
        code: Short, stable name of the kind of problem, such as ``shares-sum``; what `accept:` in a rubric names.
        message: What is wrong and what was expected, without the place.
        path: Where in the document, by ids: ``answers/outlier-age``.
        file, line, column: Where in a file; line and column count from 1; empty and 0 where there is no file.
        source: The line of the file, for the caret; empty where there is none.
        severity: ``error`` or ``warning``.
    """

    __slots__ = ("code", "column", "file", "line", "message", "path", "severity", "source")

    def __init__(
        self,
        code: str,
        message: str,
        *,
        path: str = "",
        file: str = "",
        line: int = 0,
        column: int = 0,
        source: str = "",
        severity: str = "error",
    ) -> None:
        self.code = code
        self.message = message
        self.path = path
        self.file = file
        self.line = line
        self.column = column
        self.source = source
        self.severity = severity

    @property
    def where(self) -> str:
        """``file:line:column`` in a file, else the file as far as it is known, and the path of ids."""
        return (
            f"{self.file}:{self.line}:{self.column}" if self.line else ": ".join(filter(None, (self.file, self.path)))
        )

    def __str__(self) -> str:
        warning = "warning: " if self.severity == "warning" else ""
        return f"{self.where}: {warning}{self.message}" if self.where else f"{warning}{self.message}"

    def __repr__(self) -> str:
        return f"Problem({self.code!r}, {str(self)!r})"

    def show(self) -> str:
        """The message, and under it the line with a caret where the problem starts."""
        if not self.source:
            return str(self)
        caret = "".join("\t" if c == "\t" else " " for c in self.source[: self.column - 1]) + "^"
        return f"{self}\n    {self.source}\n    {caret}"


class ScoringError(Exception):
    """What every error of this package is; never raised itself."""


class _ProblemsError(ScoringError):
    """An error that carries all the problems of a document at once."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))

    def __reduce__(self) -> tuple[type, tuple[tuple[Problem, ...]]]:
        return type(self), (self.problems,)


class RubricError(_ProblemsError):
    """A rubric or a pack is wrong: its author's to mend. `problems` holds every problem found."""


class SubmissionError(_ProblemsError):
    """A submission cannot be scored as it was sent: the caller's to mend. Nothing was recorded."""


class LogError(ScoringError):
    """
    The log is not what it should be: damaged, altered, or not a log.

    Attributes:
        seq: The record at which it shows, or None.
        expected, found: What should have been there and what is, as text, or None.
    """

    def __init__(
        self, message: str, *, seq: int | None = None, expected: str | None = None, found: str | None = None
    ) -> None:
        self.message = message
        self.seq = seq
        self.expected = expected
        self.found = found
        text = message if seq is None else f"record #{seq}: {message}"
        if expected is not None:
            text += f" (expected {expected}, found {found})"
        super().__init__(text)


class ConflictError(LogError):
    """The log already holds this submission id, or this rubric and version, with other content."""


class StoreError(ScoringError):
    """The machine could not read or write: disk full, no permission, no such file. Always raised from the OSError."""


class MissingExtraError(ScoringError):
    """A part was used whose extra is not installed; the message holds the command that installs it."""

    def __init__(self, what: str, extra: str) -> None:
        self.extra = extra
        super().__init__(f'{what} needs the extra "{extra}": pip install "scoreproof[{extra}]"')


def closest(word: str, known: Sequence[str]) -> str | None:
    """The closest known word, or None where none is close."""
    from difflib import get_close_matches

    # difflib compares in quadratic time, so a hostile word of any length is cut first; ids have at most 48 characters.
    by_fold = {name.casefold(): name for name in [*known][:500]}
    close = get_close_matches(word[:64].casefold(), [*by_fold], n=1, cutoff=0.6)
    return by_fold[close[0]] if close else None


def did_you_mean(word: str, known: Sequence[str]) -> str:
    """``; did you mean "x"?`` for the closest known word, or nothing where none is close."""
    close = closest(word, known)
    return f'; did you mean "{close}"?' if close else ""


_ENDINGS = (".pack.json", ".jsonl", ".json", ".yaml", ".yml")  # what files here are called says little by its end


def closest_file(name: str, known: Sequence[str]) -> str | None:
    """The closest name of a file, or None. An ending makes none close: `nope.yaml` is far from `bin.yaml`, and `rubric.yml` is near `rubric.yaml`."""
    by_stem: dict[str, list[str]] = {}
    for each in known:
        by_stem.setdefault(_stem(each).casefold(), []).append(each)
    stem = closest(_stem(name), [*by_stem])
    return None if stem is None else closest(name, by_stem[stem]) or by_stem[stem][0]


def _stem(name: str) -> str:
    return next((name[: -len(end)] for end in _ENDINGS if name.lower().endswith(end)), name)
