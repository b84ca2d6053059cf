"""
A file of entries that is written for `scoring append`, and gone on with after an interruption.

Owns which submissions a file has entries of: each is written once, and an id stands for one. The ids lie on disk, so that memory stays flat however long
the file is. Must not know how an entry comes about.
"""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from hashlib import sha256
from typing import TYPE_CHECKING

from scoring import canonical
from scoring.audit.entry import MAX_SUBMISSION, Entry
from scoring.cli.inputs import read_line
from scoring.cli.output import CallError, new_file
from scoring.cli.paths import STDIN
from scoring.errors import Problem, StoreError, SubmissionError

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator
    from typing import Any, BinaryIO

    from scoring import Rubric
    from scoring.cli.inputs import Unread

__all__ = ["Handover", "handover"]

_MOST = 4 * MAX_SUBMISSION  # bytes of an entry: its submission in canonical form, its decision, its case
# What the file held beforehand is known by its submissions, for it is looked for before anything is scored; what this run writes by its entries. Nothing of
# this outlives the run, so nothing is done to have it survive a crash.
_LAYOUT = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
PRAGMA cache_size = -32768; -- KiB
CREATE TABLE held (id TEXT PRIMARY KEY, digest BLOB) WITHOUT ROWID;
CREATE TABLE written (id TEXT PRIMARY KEY, digest BLOB, line INTEGER) WITHOUT ROWID;
"""


class Handover:
    """
    Entries on their way to a log elsewhere.

    Attributes:
        name: Where they go.
        passed: How many submissions were passed over, because their entries are there.
    """

    def __init__(self, name: str, file: BinaryIO, known: sqlite3.Connection, *, resumed: bool = False) -> None:
        self.name = name
        self._file = file
        self._known = known
        self._resumed = resumed
        self.passed = 0

    def write(self, line: int, name: str, entry: bytes) -> bool:
        """
        Add an entry, unless it was written already.

        Args:
            line: Where its submission stood.
            name: The submission's id.
            entry: One line of canonical JSON without its end. The same submission gives the same.

        Raises:
            SubmissionError: The id stands for another submission, on an earlier line.
        """
        digest = sha256(entry).digest()
        if self._known.execute("INSERT OR IGNORE INTO written VALUES (?, ?, ?)", (name, digest, line)).rowcount:
            self._file.write(entry + b"\n")
            return True
        first, earlier = self._known.execute("SELECT digest, line FROM written WHERE id = ?", (name,)).fetchone()
        if first != digest:
            message = (
                f'the id "{name}" stands for another submission, on line {earlier}: give this one an id of its own'
            )
            raise SubmissionError([Problem("id-twice", message)])
        self.passed += 1
        return False

    def missing(self, lines: Iterable[Unread]) -> Iterator[Unread]:
        """
        Those lines whose entries the file does not have.

        An id that stands for another submission there is passed on as a line that cannot be scored.
        """
        for line in lines:
            if not self._resumed:
                yield line
                continue
            read = read_line(line, MAX_SUBMISSION)
            found = self._digest_of(read.value)
            if found is None:
                yield line
            elif found == _digest(read.value):
                self.passed += 1
            else:
                read.problem = f"its id stands for another submission in {self.name}: give it an id of its own"
                yield read

    def _digest_of(self, submission: Any) -> bytes | None:
        """Of the submission that has this one's id in the file."""
        name = submission.get("id") if type(submission) is dict else None
        if type(name) is not str:
            return None
        row = self._known.execute("SELECT digest FROM held WHERE id = ?", (name,)).fetchone()
        return None if row is None else bytes(row[0])


def _digest(submission: dict[str, Any]) -> bytes:
    return sha256(canonical.dumps(submission)).digest()


@contextmanager
def handover(name: str, rubric: Rubric, *, resume: bool) -> Iterator[Handover]:
    """
    Open a file for entries: a new one, or, to resume, one that an interrupted run left; or the output.

    Nobody but its owner may read it, for answers stand in it. A last line without an end is one that was not finished, and is written anew.

    Raises:
        CallError: It is there and is not to be resumed, or holds something else than entries by this rubric, profile and level.
        StoreError: It cannot be read or written.
    """
    with _known() as known:
        if name == STDIN:
            yield Handover("the output", sys.stdout.buffer, known)
            return
        if not resume or not os.path.lexists(name):
            with new_file(name) as file:
                yield Handover(name, file, known)
                _sync(file)
            return
        try:
            file = open(name, "r+b")  # noqa: SIM115, PTH123 - closed below
        except OSError as error:
            raise StoreError(f"{name} cannot be read: {error.strerror}") from error
        with file:
            file.seek(_read(name, file, rubric, known))
            file.truncate()
            yield Handover(name, file, known, resumed=True)
            _sync(file)


@contextmanager
def _known() -> Iterator[sqlite3.Connection]:
    """A database in a file of its own without a name, which goes away with the connection."""
    import sqlite3

    known = sqlite3.connect("")
    try:
        known.executescript(_LAYOUT)
        yield known
    except sqlite3.Error as error:
        raise StoreError(f"the ids of this run cannot be kept beside it: {error}") from error
    finally:
        known.close()


def _read(name: str, file: BinaryIO, rubric: Rubric, known: sqlite3.Connection) -> int:
    """Note what the file has entries of, and return where the last whole one ends."""
    rules = [rubric.digest, rubric.profile, rubric.level]
    end = 0
    for number, line in enumerate(iter(lambda: file.readline(_MOST), b""), 1):
        if not line.endswith(b"\n") and len(line) < _MOST:
            break
        try:
            entry = Entry.from_bytes(line.rstrip())
        except SubmissionError:
            raise CallError(f"{name}:{number}: no entry; --resume goes on with what --entries wrote") from None
        if [entry.decision[key] for key in ("pack", "profile", "level")] != rules:
            raise CallError(
                f"{name}:{number}: an entry by another rubric, version, profile or level: --resume goes on with the same; choose a new file"
            )
        submission = {**entry.submission, "id": entry.id, "case": entry.case}
        known.execute("INSERT OR IGNORE INTO held VALUES (?, ?)", (entry.id, _digest(submission)))
        end += len(line)
    return end


def _sync(file: BinaryIO) -> None:
    """What a finished run has written is there after a power cut."""
    file.flush()
    os.fsync(file.fileno())
