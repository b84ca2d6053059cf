"""
What was typed in a file, and where: a tree of nodes, and the findings about them.

Owns positions and nothing else: the tree knows neither YAML's events nor what a rubric is. Every scalar is the text that was typed. Lines and
columns count from 1.
"""

from __future__ import annotations

from scoring.errors import Problem

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import TypeAlias

    Entry: TypeAlias = tuple["Scalar", "Node"]

__all__ = [
    "MAX_PROBLEMS",
    "NBSP",
    "Enough",
    "Findings",
    "Hole",
    "Mapping",
    "Node",
    "Scalar",
    "Sequence",
    "lines_of",
    "oddity",
]

MAX_PROBLEMS = 200  # nobody mends more at a sitting; clang stops at 20 errors, Microsoft's compiler at 100
NBSP = "\u00a0"
_MAX_SOURCE = 1_000  # characters of a line that are shown; a prompt on one line is shorter

_ODD = {
    "\u201c": 'curly quotes are ordinary characters in YAML: type the straight quote "',
    "\u201d": 'curly quotes are ordinary characters in YAML: type the straight quote "',
    "\u2018": "curly quotes are ordinary characters in YAML: type the straight quote '",
    "\u201e": 'curly quotes are ordinary characters in YAML: type the straight quote "',
    NBSP: "there is a non-breaking space, often pasted from a document: replace it by an ordinary space",
    "\u200b": "there is an invisible zero-width space, often pasted from a web page: delete it",
    "\ufeff": "there is an invisible byte order mark: delete it",
    "\u3000": "there is a wide space: replace it by an ordinary space",
    "\uff1a": "there is a wide colon: type the ordinary colon and a space",
}  # fmt: skip


class Node:
    """
    One thing in a file.

    Attributes:
        line, column: Where it starts, both from 1.
        parent: What it stands in, None at the top.
        key: The key that it is the value of, None in a list and at the top.
    """

    __slots__ = ("column", "key", "line", "parent")
    kind = "a value"

    def __init__(self, line: int, column: int) -> None:
        self.line = line
        self.column = column
        self.parent: Node | None = None
        self.key: Scalar | None = None


class Scalar(Node):
    """
    A text, exactly as it was typed.

    Attributes:
        text: What was typed, without quotes.
        plain: Whether it stood without quotes; `empty` means plain and nothing there.
    """

    __slots__ = ("plain", "text")
    kind = "a text"

    def __init__(self, line: int, column: int, text: str, *, plain: bool = True) -> None:
        super().__init__(line, column)
        self.text = text
        self.plain = plain

    @property
    def empty(self) -> bool:
        """No value at all, as after ``title:``."""
        return self.plain and not self.text


class Sequence(Node):
    """A list."""

    __slots__ = ("entries",)
    kind = "a list"

    def __init__(self, line: int, column: int, entries: Iterable[Node] = ()) -> None:
        super().__init__(line, column)
        self.entries = [*entries]

    def __iter__(self) -> Iterator[Node]:
        return iter(self.entries)


class Mapping(Node):
    """Keys with values, in file order; each key once."""

    __slots__ = ("entries",)
    kind = "keys with values"

    def __init__(self, line: int, column: int) -> None:
        super().__init__(line, column)
        self.entries: dict[str, Entry] = {}

    def get(self, name: str) -> Node | None:
        """The value of a key, or None."""
        entry = self.entries.get(name)
        return entry[1] if entry else None

    def add(self, key: Scalar, value: Node) -> None:
        """Put a value under a key that is not there yet."""
        self.entries[key.text] = (key, value)
        key.parent = value.parent = self
        value.key = key

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.entries.values())


class Hole(Node):
    """Stands where something is missing or wrong, after that was reported: what is made of it is never complained about again."""

    __slots__ = ()

    @classmethod
    def at(cls, node: Node) -> Hole:
        """Stand in for *node*."""
        hole = cls(node.line, node.column)
        hole.parent, hole.key = node.parent, node.key
        return hole


class Enough(Exception):  # noqa: N818 - not an error: the bound was met
    """`MAX_PROBLEMS` problems were found."""


class Findings:
    """
    The problems of one file.

    Attributes:
        file: Its name. found: The problems so far.
        lost: Whether whole things were left out of the tree, so that what is missed elsewhere may be among them.

    A finding blames a node. What was concluded from a blamed node, or from anything that holds one, would be noise: so checks ask `sound` first.
    """

    def __init__(self, file: str, text: str = "") -> None:
        self.file = file
        self.found: list[Problem] = []
        self.lost = False
        self._lines = lines_of(text)
        self._blamed: set[int] = set()
        self._kept: list[Node] = []  # keeps blamed nodes alive, so that no other node gets their id()

    def report(self, node: Node, code: str, message: str) -> None:
        """
        Note an error; the second one about the same scalar is dropped.

        Raises:
            Enough: It was the last one that is noted.
        """
        if isinstance(node, Scalar) and id(node) in self._blamed:
            return
        self.blame(node)
        self.report_at(node.line, node.column, code, message)

    def blame(self, node: Node) -> None:
        """Take note that a node is at fault, and with it all that it stands in; the message is somebody else's."""
        at: Node | None = node
        while at is not None and id(at) not in self._blamed:
            self._blamed.add(id(at))
            self._kept.append(at)
            at = at.parent

    def report_at(self, line: int, column: int, code: str, message: str, severity: str = "error") -> None:
        """Note a problem of a place that is no node."""
        self.found.append(self._problem(line, column, code, message, severity))
        if len(self.found) == MAX_PROBLEMS:
            more = f"this is problem number {MAX_PROBLEMS}: what else there may be is not looked for"
            self.found.append(self._problem(line, column, "too-many-problems", more, severity))
            raise Enough

    def warn(self, node: Node, code: str, message: str) -> None:
        """Note a warning; it blames nothing."""
        self.report_at(node.line, node.column, code, message, "warning")

    def sound(self, *nodes: Node) -> bool:
        """Whether nothing was found wrong with these nodes, nor with anything in them."""
        return not any(id(node) in self._blamed for node in nodes)

    @property
    def failed(self) -> bool:
        """Whether there is any error."""
        return any(problem.severity == "error" for problem in self.found)

    def sorted(self) -> tuple[Problem, ...]:
        """All problems in the order of the file."""
        return tuple(sorted(self.found, key=lambda problem: (problem.line, problem.column)))

    def _problem(self, line: int, column: int, code: str, message: str, severity: str) -> Problem:
        source = self._lines[line - 1][:_MAX_SOURCE].rstrip() if line <= len(self._lines) else ""
        source = source if column <= len(source) + 1 else ""
        return Problem(code, message, file=self.file, line=line, column=column, source=source, severity=severity)


def lines_of(text: str) -> list[str]:
    """Split a text into lines where YAML ends them: the reader refuses the ends that editors count differently."""
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def oddity(text: str) -> str:
    """``; `` and a remark on the first character that looks like another one, or nothing."""
    return next(("; " + _ODD[c] for c in text if c in _ODD), "")
