"""
What a crash left behind the newest head: found, judged, and only then cut off.

Owns the order that makes this safe. First the records below the head must give the head's root: a record that was altered there breaks the *next*
record's `prev`, and who looks at the chain alone would cut the next one and keep the altered one. Then what follows is read record by record up to the
first line that is none, or does not chain. It is cut only where a crash can have left it: at most one batch, in one file, behind everything that the
index knows to be durable. Whole records may stand behind the hole, for a disk writes sectors in any order. Anything else stays as it is.

Source: FORMAT.md 4 (`recovery`), 11. Must not know what a body means, nor who signs.
"""

from __future__ import annotations

from hashlib import sha256

from scoring import canonical
from scoring.audit import segments
from scoring.audit.chain import Tail, follow, leaf_of
from scoring.audit.fields import record_misfit
from scoring.audit.value import Value
from scoring.errors import LogError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from scoring.audit.segments import Segments

__all__ = ["Cut", "damage", "judge"]

_REMEDY = "Nothing was changed. Keep a copy of the directory, let `verify` name what is wrong, and put the log back from a copy that its newest head fits"


class Cut(Value):
    """
    What is to be cut off.

    Attributes:
        at: Where the log ends then. digest: SHA-256 of what goes. length: How many bytes of it there are, 1 or more.
    """

    __slots__ = ("at", "digest", "length")

    at: Tail
    digest: str
    length: int

    @property
    def body(self) -> dict[str, Any]:
        """What its record says. Source: FORMAT.md 4."""
        return {"cut": self.digest, "length": self.length}


def damage(found: Segments, tail: Tail) -> tuple[Tail, LogError | None]:
    """Follow the records behind *tail*: where they end, and what is wrong there."""
    try:
        for _, line in found.after(tail):
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
        message = f"{_brief(wrong)}; and the cache knows {known} records to be durable, so this is no crash's doing"
        raise LogError(f"{message}. {_REMEDY}", seq=at.size)
    rest = found.behind(at, segments.MAX_BATCH_BYTES)
    if not rest or _records(rest) > segments.MAX_BATCH_RECORDS:
        most = f"{segments.MAX_BATCH_RECORDS} records, {segments.MAX_BATCH_BYTES} bytes"
        message = f"{_brief(wrong)}; and what stands from here on is not what a crash can leave, which is one batch ({most}) at the end of the last file"
        raise LogError(f"{message}. {_REMEDY}", seq=at.size)
    return Cut(at, sha256(rest).hexdigest(), len(rest))


def _brief(wrong: LogError) -> str:
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
