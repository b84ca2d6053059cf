"""
What commands print, and the status that they exit with.

Owns standard output and standard error: lines, tables and colour for people, one JSON object a line for machines, errors, and what every exception means
to the shell; and how a new file is made. Must not know any command. Text that came from outside is made harmless here, on its way to a terminal.
"""

from __future__ import annotations

import json
import os
import sys
import time
from contextlib import suppress
from pathlib import Path

from scoring.errors import ConflictError, LogError, MissingExtraError, Problem, RubricError, StoreError, SubmissionError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any, BinaryIO, TextIO, TypeVar

    T = TypeVar("T")

__all__ = [
    "FAILS",
    "HOLDS",
    "UNCHECKED",
    "WRONG",
    "CallError",
    "Table",
    "complain",
    "counted",
    "emit",
    "guarded",
    "in_options",
    "json_text",
    "mark",
    "new_file",
    "place",
    "printable",
    "progress",
    "say",
    "show_problems",
    "worst",
]

HOLDS = 0  # what was asked holds
FAILS = 1  # it does not: tampered, differs, an example fails
WRONG = 2  # the call or its input is wrong
UNCHECKED = 3  # something that was asked for could not be checked
_INTERRUPTED = 130  # 128 + SIGINT, as shells have it
_PIPE_CLOSED = 141  # 128 + SIGPIPE: nobody reads on, so nothing is claimed
_GRAVEST = (WRONG, FAILS, UNCHECKED, HOLDS)

_STYLES = {
    "advance": "green",
    "review": "yellow",
    "decline": "red",
    "wait": "cyan",
    "HOLDS": "green",
    "FAILS": "bold red",
    "NOT CHECKED": "yellow",
    "REMARK": "yellow",
    "ERROR": "bold red",
}


class CallError(Exception):
    """The command cannot be carried out as it was called; the text says why, and what to do."""


def worst(statuses: Iterable[int]) -> int:
    """The one status of several parts: input that could not be read leaves the question open, so it comes first."""
    return min(statuses, key=_GRAVEST.index, default=HOLDS)


# --- standard output ---


def say(text: str = "") -> None:
    """Print lines for people."""
    for line in text.split("\n"):
        _put(sys.stdout, line)


def mark(status: str, text: str) -> None:
    """Print a line that begins with a status such as HOLDS, which has a colour of its own."""
    first, *rest = text.split("\n")
    _put(sys.stdout, f"{status:<12}{first}", (0, len(status), _STYLES.get(status, "")))
    for line in rest:
        _put(sys.stdout, " " * 12 + line)


def emit(result: dict[str, Any]) -> None:
    """Print one JSON object on a line of its own. It is ASCII, so that no encoding of the stream can spoil it."""
    sys.stdout.write(json_text(result) + "\n")


def json_text(result: dict[str, Any]) -> str:
    """One JSON object as `emit` prints it."""
    return json.dumps(result, separators=(",", ":"))


class Table:
    """
    Rows lined up under their heads.

    Rows are kept until `show`, which prints the heads only once; so a stream may be shown batch by batch.
    """

    def __init__(self, *heads: str) -> None:
        self._heads: tuple[str, ...] = heads
        self._widths = [0] * len(heads)
        self._rows: list[tuple[str, ...]] = []
        self._begun = False

    def row(self, *cells: str) -> None:
        """Add a row; there are as many cells as heads."""
        self._rows.append(tuple(map(printable, cells)))

    def show(self, indent: str = "") -> None:
        """Print what was added since it was last shown; nothing at all where that is nothing."""
        if self._rows and not self._begun:
            self._rows.insert(0, self._heads)
            self._begun = True
        for row in self._rows:
            self._widths = [max(width, len(cell)) for width, cell in zip(self._widths, row, strict=True)]
        for row in self._rows:
            line, spans = indent, []
            for cell, width in zip(row, self._widths, strict=True):
                style = "dim" if row is self._heads else _STYLES.get(cell, "")
                spans.append((len(line), len(line) + len(cell), style))
                line += cell.ljust(width + 2)
            _put(sys.stdout, line.rstrip(), *spans)
        self._rows = []


# --- files ---


def new_file(name: str) -> BinaryIO:
    """
    Make a file that was not there, to be written; nobody but its owner may read it, for answers or a key may stand in it.

    Raises:
        CallError: It is there already. StoreError: It cannot be made.
    """
    try:
        return os.fdopen(os.open(name, os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600), "wb")
    except FileExistsError:
        raise CallError(f"{name} exists already, and is not overwritten") from None
    except OSError as error:
        raise StoreError(f"{name} cannot be written: {error.strerror}") from error


# --- standard error ---


def complain(text: str) -> None:
    """Print lines on standard error, the first one with the name of this program."""
    for number, line in enumerate(text.split("\n")):
        _put(sys.stderr, line if number else f"scoring: {line}")


def show_problems(problems: Iterable[Problem]) -> None:
    """Print problems as ``file:line:column: ...``, each with its line and a caret where it has one."""
    for problem in problems:
        for line in problem.show().split("\n"):
            _put(sys.stderr, line)


def place(problems: Iterable[Problem], file: str, line: int = 0, column: int = 0) -> list[Problem]:
    """
    Say in which file, and on which line of it, problems of one document were found.

    A path of ids stays in the message. The line itself is never kept: it may hold answers.
    """
    placed = []
    for problem in problems:
        where = ":".join([file, *(str(n) for n in (line, column) if n)])
        inside = f"{problem.path}: " if problem.path else ""
        placed.append(Problem(problem.code, f"{where}: {inside}{problem.message}", severity=problem.severity))
    return placed


def progress(things: Iterable[T], what: str, every: float = 0.2) -> Iterator[T]:
    """Pass *things* on, and count them on standard error where somebody watches it and not the results."""
    if not _is_terminal(sys.stderr) or _is_terminal(sys.stdout):
        yield from things
        return
    shown = time.monotonic()
    count = 0
    try:
        for count, thing in enumerate(things, 1):
            if time.monotonic() - shown > every:
                shown = time.monotonic()
                sys.stderr.write(f"\r{count:,} {what}")
                sys.stderr.flush()
            yield thing
    finally:
        if count:
            sys.stderr.write("\r\x1b[K")


# How the library words for Python what has a name of its own here; the first row that fits a place wins.
_IN_PYTHON = (
    ("AuditLog.open(..., create=True)", "--create"),
    (", or with vault=False to record without keeping any", ""),
    ("open the log with new_vault=True", "record with --new-vault"),
    ("new_vault=True", "--new-vault"),
    ("create=True", "--create"),
    ("vault=PATH", "--vault PATH"),
    ("score what `inputs` gives", "score it with --log"),
    ("AuditLog.sweep() erases them", "`scoring erase LOG --uncited` erases them"),
    (
        "give a head that was kept elsewhere as trusted=",
        "give a head that was kept elsewhere, with --trusted-checkpoint FILE",
    ),
    (
        "give that of no records: trusted=",
        "give that of no records in the same way; `printf %b TEXT > FILE` writes it, where TEXT is ",
    ),
    (
        "publish its rubric again, which puts it back",
        "give its rubric to the log again, with `scoring append LOG PACK`, which puts it back",
    ),
    ("publish its rubric first", "publish its rubric first, with `scoring append LOG PACK`"),
    ("open it with the signer of", "give with --key the file of"),
    (
        "Open the log with signer=[old, new]; later the new one is enough",
        "Give both, --key OLD --key NEW; later the new one is enough",
    ),
    ("give the signer of that", "give with --key the file of that"),
)


def in_options(text: str) -> str:
    """A message of the library, in the words of the command line."""
    for python, option in _IN_PYTHON:
        text = text.replace(python, option)
    return text


# --- exceptions ---


def guarded(work: Callable[[], int]) -> int:
    """Run *work*, and turn whatever it raises into a message and a status. Never a traceback, unless SCORING_TRACEBACK asks for it."""
    for stream in (sys.stdout, sys.stderr):
        # A name that the terminal's encoding lacks is no reason to stop.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        status = work()
        sys.stdout.flush()
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BrokenPipeError:
        _abandon(sys.stdout)
        return _PIPE_CLOSED
    except Exception as error:  # noqa: BLE001 - here every error ends
        if os.environ.get("SCORING_TRACEBACK"):
            import traceback

            traceback.print_exc()
        status = _explained(error)
        _flush_quietly()
    return status


def _explained(error: Exception) -> int:
    if isinstance(error, (RubricError, SubmissionError)):
        show_problems(error.problems)
        return WRONG
    if isinstance(error, (CallError, ConflictError, StoreError, MissingExtraError)):
        complain(in_options(str(error)))
        return WRONG
    if isinstance(error, LogError):
        complain(in_options(str(error)))
        return FAILS
    if isinstance(error, OSError):
        named = f"{error.filename}: " if error.filename else "the output cannot be written: "
        complain(f"{named}{error.strerror or type(error).__name__}")
        return WRONG
    complain(_bug(error))
    return WRONG


def _bug(error: Exception) -> str:
    """One line that points at the place. The error's own text stays out of it: it might quote an answer."""
    trace = error.__traceback__
    where = "unknown place"
    while trace is not None:
        code = trace.tb_frame.f_code
        where = f"{Path(code.co_filename).name}:{trace.tb_lineno}"
        trace = trace.tb_next
    kind = type(error).__name__
    return f"this is a bug of scoring, not of your files: {kind} at {where}; SCORING_TRACEBACK=1 shows the traceback"


def _flush_quietly() -> None:
    try:
        sys.stdout.flush()
    except OSError:
        _abandon(sys.stdout)


def _abandon(stream: TextIO) -> None:
    """Let what is still buffered go nowhere, so that the interpreter does not fail on it when it ends."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


# --- lines ---


def printable(text: str) -> str:
    """Spell out what would move the cursor, change colours or reorder the line: a name in a log is a stranger's text."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c == "\t" else ascii(c)[1:-1] for c in text)


def counted(number: int, what: str) -> str:
    """So many of something: ``1 case``, ``2,000 cases``."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _put(stream: TextIO, line: str, *spans: tuple[int, int, str]) -> None:
    line = printable(line)
    if spans and _is_terminal(stream) and not os.environ.get("NO_COLOR"):
        from rich.console import Console
        from rich.text import Text

        text = Text(line)
        for start, end, style in spans:
            if style:
                text.stylize(style, start, end)
        Console(file=stream).print(text, soft_wrap=True)
    else:
        stream.write(line + "\n")


def _is_terminal(stream: TextIO) -> bool:
    return stream.isatty() and os.environ.get("TERM") != "dumb"
