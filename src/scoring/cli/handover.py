"""
A file of entries that is written for `scoring append`, and gone on with after an interruption.

Owns which submissions a file has entries of: they are scored once. The ids lie on disk, so that memory stays flat however long the file is. Must not know
how an entry comes about.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from hashlib import sha256
from typing import TYPE_CHECKING

from scoring import canonical
from scoring.audit.entry import MAX_SUBMISSION, Entry
from scoring.cli.inputs import read_line
from scoring.cli.output import CallError, new_file
from scoring.errors import StoreError, SubmissionError

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator
    from typing import Any, BinaryIO

    from scoring import Rubric
    from scoring.cli.inputs import Unread

__all__ = ["Handover", "handover"]

_MOST = 4 * MAX_SUBMISSION  # bytes of an entry: its submission in canonical form, its decision, its case


class Handover:
    """
    Entries on their way to a log elsewhere.

    Attributes:
        passed: How many submissions were passed over, because the file has their entries.
    """

    def __init__(self, name: str, file: BinaryIO, known: sqlite3.Connection | None = None) -> None:
        self._name = name
        self._file = file
        self._known = known
        self.passed = 0

    def write(self, entry: bytes) -> None:
        """Add an entry, one line of canonical JSON without its end."""
        self._file.write(entry + b"\n")

    def missing(self, lines: Iterable[Unread]) -> Iterator[Unread]:
        """
        Those lines whose entries the file does not have.

        An id that stands for another submission there is passed on as a line that cannot be scored.
        """
        for line in lines:
            if self._known is None:
                yield line
                continue
            read = read_line(line, MAX_SUBMISSION)
            found = self._digest_of(read.value)
            if found is None:
                yield line
            elif found == _digest(read.value):
                self.passed += 1
            else:
                read.problem = f"its id stands for another submission in {self._name}: give it an id of its own"
                yield read

    def _digest_of(self, submission: Any) -> bytes | None:
        """Of the submission that has this one's id in the file."""
        name = submission.get("id") if type(submission) is dict else None
        if type(name) is not str or self._known is None:
            return None
        row = self._known.execute("SELECT digest FROM known WHERE id = ?", (name,)).fetchone()
        return None if row is None else bytes(row[0])


def _digest(submission: dict[str, Any]) -> bytes:
    return sha256(canonical.dumps(submission)).digest()


@contextmanager
def handover(name: str, rubric: Rubric, *, resume: bool) -> Iterator[Handover]:
    """
    Open a file for entries: a new one, or, to resume, one that an interrupted run left.

    Nobody but its owner may read it, for answers stand in it. A last line without an end is one that was not finished, and is written anew.

    Raises:
        CallError: It is there and is not to be resumed, or holds something else than entries by this rubric, profile and level.
        StoreError: It cannot be read or written.
    """
    if not resume or not os.path.lexists(name):
        with new_file(name) as file:
            yield Handover(name, file)
            _sync(file)
        return
    import sqlite3

    try:
        file = open(name, "r+b")  # noqa: SIM115, PTH123 - closed below
    except OSError as error:
        raise StoreError(f"{name} cannot be read: {error.strerror}") from error
    known = sqlite3.connect("")  # a file of its own without a name, which goes away with the connection
    try:
        with file:
            file.seek(_read(name, file, rubric, known))
            file.truncate()
            yield Handover(name, file, known)
            _sync(file)
    finally:
        known.close()


def _read(name: str, file: BinaryIO, rubric: Rubric, known: sqlite3.Connection) -> int:
    """Note what the file has entries of, and return where the last whole one ends."""
    known.execute("CREATE TABLE known (id TEXT PRIMARY KEY, digest BLOB) WITHOUT ROWID")
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
        known.execute("INSERT OR IGNORE INTO known VALUES (?, ?)", (entry.id, _digest(submission)))
        end += len(line)
    return end


def _sync(file: BinaryIO) -> None:
    """What a finished run has written is there after a power cut."""
    file.flush()
    os.fsync(file.fileno())
