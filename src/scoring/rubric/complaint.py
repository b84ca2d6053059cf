"""
Where YAML's parser stumbled, and what the lines around it look like.

Owns places in a file, the parser's complaint as a value, and questions about lines: how far they are indented, what of them stands in quotes, which entry
of a list they were probably meant to stand with. Must not know what to say about them.
"""

from __future__ import annotations

from scoring.rubric.meant import quoted
from scoring.rubric.tree import NBSP

TYPE_CHECKING = False
if TYPE_CHECKING:
    import yaml

__all__ = [
    "MAX_SHOWN",
    "QUOTES",
    "Complaint",
    "Place",
    "entry_above",
    "indent_of",
    "line_above",
    "odd_dash",
    "outside_quotes",
]

QUOTES = {
    '"': 'a quote inside "..." is written \\"',
    "'": "an apostrophe inside '...' is written twice (''), or take \"...\" around the text",
}
MAX_SHOWN = 60  # characters of the file that a message repeats
_LONG_DASHES = ("\u2013", "\u2014")
_NEAR = 2  # columns that a line may be off and still be meant to stand with another


class Place:
    """A line and a column from 1, and the line's text."""

    __slots__ = ("column", "line", "lines", "text")

    def __init__(self, lines: list[str], line: int, column: int) -> None:
        self.lines = lines
        self.line = min(line, len(lines))
        self.text = lines[self.line - 1]
        self.column = column if line == self.line else len(self.text) + 1

    @property
    def before(self) -> str:
        """What stands to the left."""
        return self.text[: self.column - 1]

    @property
    def rest(self) -> str:
        """What stands from here on."""
        return self.text[self.column - 1 :]


class Complaint:
    """What the parser said: its words, where it noticed, and where what it was reading began."""

    __slots__ = ("at", "last", "lines", "since", "words")

    def __init__(self, error: yaml.YAMLError, lines: list[str]) -> None:
        self.words = " / ".join(str(getattr(error, part, None) or "") for part in ("context", "problem"))
        self.lines = lines
        self.at = self._mark(getattr(error, "problem_mark", None))
        self.since = self._mark(getattr(error, "context_mark", None) or getattr(error, "problem_mark", None))
        self.last = not "".join(lines[self.at.line - 1 :])[self.at.column - 1 :].strip()

    def _mark(self, mark: yaml.Mark | None) -> Place:
        return Place(self.lines, mark.line + 1, mark.column + 1) if mark else Place(self.lines, 1, 1)


def line_above(place: Place) -> int:
    """The next line above that holds something; the line itself where there is none."""
    return next((n + 1 for n in range(place.line - 2, -1, -1) if place.lines[n].strip()), place.line)


def odd_dash(text: str) -> str:
    """What to say about a line, or its key, that should begin with a dash and a space; empty where it does, or should not."""
    if text.startswith(_LONG_DASHES):
        return f"this is a long dash; a list uses -{_proposed('- ' + text[1:].lstrip())}"
    if text.startswith("-") and text[1:2].isalpha() and ":" in text + ":" * (" " not in text):
        return f"a space is missing behind the dash{_proposed('- ' + text[1:])}"
    return ""


def _proposed(line: str) -> str:
    return f"; did you mean {quoted(line)}?" if len(line) <= 2 * MAX_SHOWN else ""


def outside_quotes(line: str) -> str:
    """A line with what stands in its quotes blanked out; an apostrophe inside a word is no quote."""
    kept, quote = [], ""
    for place, c in enumerate(line):
        if quote:
            quote = "" if c == quote else quote
            kept.append("_")
        else:
            opens = c in QUOTES and line[place - 1 : place] in ("", *" {[,:-" + NBSP)
            quote = c if opens else ""
            kept.append(c)
    return "".join(kept)


def indent_of(line: str) -> int:
    """How many spaces a line begins with."""
    return len(line) - len(line.lstrip(" "))


def entry_above(place: Place) -> Place | None:
    """The entry of a list above that a line was probably meant to stand with: the next one at most two columns off, in the same column if there is one."""
    near: Place | None = None
    for n in range(place.line - 2, -1, -1):
        line = place.lines[n]
        column = indent_of(line) + 1
        if not line[column - 1 :].startswith("- "):
            continue
        if column == place.column:
            return Place(place.lines, n + 1, column)
        if near is None and abs(column - place.column) <= _NEAR:
            near = Place(place.lines, n + 1, column)
    return near
