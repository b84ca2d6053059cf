"""
What a crash left behind the newest head: found, judged, and only then cut off.

Owns the order that makes this safe. First the records below the head must give the head's root: a record that was altered there breaks the *next*
record's `prev`, and who looks at the chain alone would cut the next one and keep the altered one. Then what follows is read record by record up to the
first line that is none, or does not chain. It is cut only where a crash can have left it: at most one batch, in one file, behind everything that the
index knows to be durable. Whole records may stand behind the hole, for a disk writes sectors in any order. Anything else stays as it is.

What is cut off is first kept in a file of the directory: it may have been no crash, and then these bytes tell what it was.

Source: FORMAT.md 2, 4 (`recovery`), 11. Must not know what a body means, nor who signs.
"""

# ruff: noqa: PTH118 - pathlib alone would cost a cold start more than this package does
from __future__ import annotations

import os
from hashlib import sha256
from itertools import islice

from scoring import canonical
from scoring.audit import disk, segments
from scoring.audit.chain import Tail, follow, leaf_of
from scoring.audit.fields import record_misfit
from scoring.audit.value import Value
from scoring.errors import LogError, StoreError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from scoring.audit.segments import Segments

__all__ = ["REMEDY", "Cut", "brief", "damage", "judge", "keep"]

REMEDY = "Nothing was changed. Keep a copy of the directory, let `verify` name what is wrong, and put the log back from a copy that its newest head fits"


class Cut(Value):
    """
    What is to be cut off.

    Attributes:
        at: Where the log ends then. data: What goes, one byte or more. digest: SHA-256 of it.
    """

    __slots__ = ("at", "data", "digest")

    at: Tail
    data: bytes
    digest: str

    @property
    def body(self) -> dict[str, Any]:
        """What its record says. Source: FORMAT.md 4."""
        return {"cut": self.digest, "length": len(self.data)}


def damage(found: Segments, tail: Tail, most: int | None = None) -> tuple[Tail, LogError | None]:
    """Follow the records behind *tail*, *most* of them at most: where they end, and what is wrong there."""
    try:
        for _, line in islice(found.after(tail), most):
            follow(tail, line)
            tail = tail.after(leaf_of(line), len(line), segments.SEGMENT_RECORDS)
    except LogError as error:
        return tail, error
    return tail, None


def judge(found: Segments, head: Tail, known: int) -> Cut | None:
    """
    Say what a crash left behind *head*, or None where nothing is wrong there.

    Args:
        found: The log's files.
        head: The end of what the newest head stands for, once its root was found in the files.
        known: How many records the index knows to be durable.

    Raises:
        LogError: What is wrong there is no crash's doing.
    """
    at, wrong = damage(found, head)
    if wrong is None:
        return None
    if at.size < known:
        message = f"{brief(wrong)}; and the cache knows {known} records to be durable, so this is no crash's doing"
        raise LogError(f"{message}. {REMEDY}", seq=at.size)
    rest = found.behind(at, segments.MAX_BATCH_BYTES)
    if not rest or _records(rest) > segments.MAX_BATCH_RECORDS:
        most = f"{segments.MAX_BATCH_RECORDS} records, {segments.MAX_BATCH_BYTES} bytes"
        message = f"{brief(wrong)}; and what stands from here on is not what a crash can leave, which is one batch ({most}) at the end of the last file"
        raise LogError(f"{message}. {REMEDY}", seq=at.size)
    return Cut(at, rest, sha256(rest).hexdigest())


def keep(directory: str, cut: Cut) -> str:
    """
    Write what is to be cut off to a file of its own, so that it stays, and return its path. Done again it changes nothing.

    Raises:
        StoreError: It could not be written; nothing may be cut off.
    """
    path = os.path.join(directory, f"cut-{cut.at.size:012d}-{cut.digest}")
    try:
        disk.create(path, cut.data)
    except OSError as error:
        message = (
            f"{path} cannot be written ({error.strerror}): what a crash left behind the newest head is cut off only once it is kept there. "
            "Nothing was changed: make that possible, then open the log again"
        )
        raise StoreError(message) from error
    return path


def brief(wrong: LogError) -> str:
    """What is wrong, without what an operator could do if it were a crash's doing."""
    return wrong.message.partition(": ")[0]


def _records(data: bytes) -> int:
    """How many records stand in *data*; what is none, garbage of a torn sector say, has line ends at random."""
    return sum(map(_is_record, data.split(b"\n")))


def _is_record(line: bytes) -> bool:
    try:
        return not record_misfit(canonical.loads_canonical(line))
    except canonical.CanonicalError:
        return False
