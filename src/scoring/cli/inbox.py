"""
What `append` does with an inbox: a directory or a bucket into which functions put one entry for each submission.

Owns which paths are inboxes, and that one bad entry keeps no other from its place. Must not know how a record is written, nor how an inbox is.
"""

from __future__ import annotations

from itertools import islice
from pathlib import Path

from scoring.audit.entry import Entry
from scoring.cli.output import in_options, place
from scoring.cli.paths import is_log
from scoring.edge.inbox import DirectoryInbox, holds_only_entries
from scoring.edge.s3 import SCHEME, S3Inbox
from scoring.errors import LogError, Problem, SubmissionError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from scoring import AuditLog

__all__ = ["is_inbox", "taken"]

_BATCH = 64  # entries that share one fdatasync


def is_inbox(name: str) -> bool:
    """Whether a path is an inbox: an address in S3, or a directory with nothing in it but entries."""
    if name.startswith(SCHEME):
        return True
    path = Path(name)
    return path.is_dir() and not is_log(path) and holds_only_entries(name)


def taken(log: AuditLog, name: str, must_keep: Callable[[], None]) -> Iterator[tuple[str, str, int, bool]]:
    """
    Give each entry of an inbox its place in the log; what has one keeps it, so that this may be interrupted anywhere and done again.

    Yields:
        Where the entry lies, its id, its record, and whether it had that before.

    Raises:
        SubmissionError: At the end, with what is wrong with entries that got no place; they stay in the inbox.
        StoreError: The inbox cannot be read, or the log not written. CallError: The vault is missing.
    """
    inbox = S3Inbox(name, read_only=True) if name.startswith(SCHEME) else DirectoryInbox(name)
    problems: list[Problem] = []
    entries = _readable(inbox.entries(), problems)
    while batch := [*islice(entries, _BATCH)]:
        must_keep()
        size = len(log)
        for where, entry, seq in _placed(log, batch, problems):
            yield where, entry.id, seq, seq < size
    if problems:
        raise SubmissionError(problems)


def _readable(entries: Iterator[tuple[str, bytes]], problems: list[Problem]) -> Iterator[tuple[str, Entry]]:
    for where, data in entries:
        try:
            yield where, Entry.from_bytes(data)
        except SubmissionError as error:
            problems += place(error.problems, where)


def _placed(log: AuditLog, batch: list[tuple[str, Entry]], problems: list[Problem]) -> Iterator[tuple[str, Entry, int]]:
    """Append a batch; where the log refuses it, each entry by itself, so that only those stay behind that are wrong."""
    try:
        seqs = log.append([entry for _, entry in batch])
    except (SubmissionError, LogError) as error:
        if len(batch) > 1:
            for one in batch:
                yield from _placed(log, [one], problems)
            return
        told = error.problems if isinstance(error, SubmissionError) else [Problem("entry", str(error))]
        problems += place([Problem(p.code, in_options(p.message), path=p.path) for p in told], batch[0][0])
        return
    for (where, entry), seq in zip(batch, seqs, strict=True):
        yield where, entry, seq
