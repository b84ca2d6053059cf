"""
Which group each case belongs to, from a table of the caller's.

Owns how the table is read: strictly, for a label that is read wrongly is a person counted in the wrong group. Labels are held while something is worked out
and are never stored; a message names a line and a column, and repeats nothing of either.
"""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING
from unicodedata import normalize

import attrs

from scoring.errors import Problem, SubmissionError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["MAX_BYTES", "Groups", "read_groups"]

MAX_BYTES = 64 * 1024 * 1024  # of a table: a million cases with two groups take some 40 MB
MAX_COLUMNS = 4  # of groups
MAX_LABELS = 50  # different ones in a column: with more it is not a group that stands there
_MAX_LABEL = 48
_MAX_CASE = 200  # FORMAT.md 9
_MAX_PROBLEMS = 20
_JOINED = " / "


@attrs.frozen
class Groups:
    """
    The groups of cases.

    Attributes:
        columns: What the groups are called, as the first line of the table has it.
        labels: For each case its label in each column; None where it is not known.
    """

    columns: tuple[str, ...]
    labels: Mapping[str, tuple[str | None, ...]]

    @property
    def views(self) -> tuple[str, ...]:
        """Each column by itself, and behind them, where there are several, all of them crossed."""
        return (*self.columns, *([_JOINED.join(self.columns)] if len(self.columns) > 1 else []))

    def label(self, case: str | None, view: int) -> str | None:
        """
        The group of a case.

        Args:
            case: None for a case of which nobody can tell any more.
            view: A place in `views`.

        Returns:
            None where it is not known; where one of several columns is not known, the crossed group is not.
        """
        labels = self.labels.get(case) if case is not None else None
        if labels is None:
            return None
        if view < len(self.columns):
            return labels[view]
        known = [label for label in labels if label is not None]
        return _JOINED.join(known) if len(known) == len(labels) else None


def read_groups(data: bytes, file: str = "groups.csv") -> Groups:
    """
    Read a table of comma-separated values in UTF-8.

    The first line is `case` and the name of each kind of group, up to four; every other line a case, once, and its labels. An empty label is one that is not
    known. A label that differs from another only in letter case, or has white space around it, is an error: it would be a group of its own.

    Args:
        data: The table, at most `MAX_BYTES`.
        file: Its name, for messages.

    Raises:
        SubmissionError: With the first problems, each with its line and column; nothing of the table is repeated.
    """
    problems: list[Problem] = []
    reader = _Reader(file, problems)
    if len(data) > MAX_BYTES:
        reader.wrong(1, 0, f"longer than {MAX_BYTES:,} bytes")
        raise SubmissionError(problems)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        reader.wrong(data.count(b"\n", 0, error.start) + 1, 0, "not UTF-8: save the table as CSV in UTF-8")
        raise SubmissionError(problems) from None
    groups = reader.read(text)
    if problems:
        raise SubmissionError(problems)
    return groups


class _Reader:
    """One table while it is read; columns count from 1, as people count them, and 0 is the whole line."""

    def __init__(self, file: str, problems: list[Problem]) -> None:
        self.file = file
        self.problems = problems
        self.columns: tuple[str, ...] = ()
        self.lines: dict[str, int] = {}
        self.labels: dict[str, tuple[str | None, ...]] = {}
        self.spelt: list[dict[str, tuple[str, int]]] = []

    def wrong(self, line: int, column: int, message: str) -> None:
        where = f"column {column}: " if column else ""
        self.problems.append(Problem("groups", where + message, file=self.file, line=line, column=column or 1))

    def read(self, text: str) -> Groups:
        rows = self._rows(text)
        number, header = next(rows, (1, []))
        self._take_header(number, header)
        if not self.problems:
            for number, row in rows:
                self._take(number, row)
                if len(self.problems) >= _MAX_PROBLEMS:
                    self.wrong(number, 0, "there may be more problems behind this line")
                    break
        if not self.problems and not self.labels:
            self.wrong(number, 0, "no case follows the first line")
        return Groups(self.columns, self.labels)

    def _rows(self, text: str) -> Iterator[tuple[int, list[str]]]:
        """Every row that is not empty, with the number of its first line."""
        source = csv.reader(io.StringIO(text, newline=""), strict=True)
        begun = 1
        while True:
            try:
                row = next(source)
            except StopIteration:
                return
            except csv.Error:
                message = "not comma-separated values: a quote that does not end, or stands within a cell, or a cell that is too long"
                self.wrong(begun, 0, message)
                return
            if row:
                yield begun, row
            begun = source.line_num + 1

    def _take_header(self, line: int, header: list[str]) -> None:
        if header[:1] != ["case"] or not 2 <= len(header) <= MAX_COLUMNS + 1:
            hint = "; the cells are to be separated by commas" if len(header) == 1 and header[0][:4] == "case" else ""
            self.wrong(
                line, 1, f"expected a first line of `case` and 1 to {MAX_COLUMNS} names, such as case,group{hint}"
            )
            return
        for column, name in enumerate(header[1:], 2):
            if not self._is_label(line, column, name):
                continue
            if not name:
                self.wrong(line, column, "this kind of group has no name")
            elif name.casefold() in {"case", *(other.casefold() for other in header[1 : column - 1])}:
                self.wrong(line, column, "an earlier column has this name")
        self.columns = tuple(header[1:])
        self.spelt = [{} for _ in self.columns]

    def _take(self, line: int, row: list[str]) -> None:
        if len(row) != len(self.columns) + 1:
            self.wrong(line, 0, f"expected {len(self.columns) + 1} cells as in the first line, found {len(row)}")
            return
        case, *labels = row
        if not 1 <= len(case) <= _MAX_CASE or not case.strip():
            self.wrong(line, 1, f"expected a case, 1 to {_MAX_CASE} characters")
        elif case in self.lines:
            self.wrong(line, 1, f"the case of line {self.lines[case]} again")
        else:
            self.lines[case] = line
            self.labels[case] = tuple(
                self._label(line, column, label) or None for column, label in enumerate(labels, 2)
            )

    def _label(self, line: int, column: int, label: str) -> str:
        """The label, one object for all cases that have it; empty where it is not known or wrong."""
        spelt = self.spelt[column - 2]
        if not label or not self._is_label(line, column, label):
            return ""
        folded = normalize("NFC", label).casefold()
        if folded not in spelt:
            if len(spelt) == MAX_LABELS:
                self.wrong(line, column, f"more than {MAX_LABELS} different labels: is this column a group?")
                return ""
            spelt[folded] = (label, line)
        known, first = spelt[folded]
        if known != label:
            self.wrong(line, column, f"the label of line {first}, spelt otherwise: one group needs one spelling")
        return known

    def _is_label(self, line: int, column: int, label: str) -> bool:
        if len(label) > _MAX_LABEL or not label.isprintable():
            self.wrong(line, column, f"expected at most {_MAX_LABEL} printable characters")
        elif label != label.strip():
            self.wrong(line, column, "white space stands around it")
        else:
            return True
        return False
