"""
What a log and its vault know of each other, so that yesterday's copy of one is not gone on with under today's other.

Each keeps a count of the other. The vault keeps how many records the log had, and the leaf of the last of them, when something was last disclosed, or the log
last closed. The file `vault.seen` in the log directory keeps which vault it was, and how often that had been written: disclosures, holds, days. Erasures do
not count, for opening the log does in an older vault what it lacks of them.

Why neither refuses wrongly: what is counted was durable before it was counted. A log that is sound has every record that its vault knows, with the same leaf,
for nothing ever takes back a durable record; a vault that is nobody's older copy was written as often as the log directory says, or more often. A crash, a
count that is lost, or one that two processes write in turn, leave a count that is too low, and then less is noticed. A log that is written without its vault,
or with another, leaves the count alone; a vault of another name is not compared.

What this cannot see: both put back together; a vault put back where `vault.seen` is gone, or is as old; a log that lost no more than what was recorded since
its vault counted last, which is one batch of a writer that was killed.

Owns `audit/FORMAT.md`, section 8, as far as it concerns these counts. Must not know what is disclosed.
"""

# ruff: noqa: PTH118 - pathlib alone would cost a cold start more than this package does
from __future__ import annotations

import os

from scoring.audit import disk
from scoring.audit.value import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Known", "Seen", "older_log", "older_vault"]

_FILE = "vault.seen"
_NAME, _DIGITS = 32, 20
_LINE = _NAME + 1 + _DIGITS + 1
_WRITE = os.O_WRONLY | os.O_CREAT | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)


class Known(Value):
    """
    What a vault says of itself and of its log.

    Attributes:
        name: Drawn when it was made; its copies bear it too. writes: How often something was disclosed in it, or said of how long a case is kept.
        size, leaf: How many records the log had, and the leaf of the last one; 0 and empty where it does not know.
    """

    __slots__ = ("name", "writes", "size", "leaf")  # noqa: RUF023 - in the order of the constructor

    name: str
    writes: int
    size: int
    leaf: str


class Seen:
    """The file in which a log directory keeps how often its vault was written."""

    def __init__(self, directory: str) -> None:
        self._path = os.path.join(directory, _FILE)

    def take(self, name: str, writes: int) -> None:
        """
        Keep the count of a vault, once its transaction is durable. No promise of the log rests on it, so it takes no sync, and is no call of `disk`.

        Raises:
            OSError: It could not be written.
        """
        fd = os.open(self._path, _WRITE, 0o666)
        try:
            os.write(fd, 2 * f"{name} {writes:0{_DIGITS}d}\n".encode())
        finally:
            os.close(fd)

    def newest(self) -> tuple[str, int] | None:
        """Return which vault was written last, and how often; None where that is not known."""
        try:
            with disk.open_file(self._path) as file:
                line, again = file.read(_LINE), file.read(_LINE)
        except OSError:
            return None
        name, _, digits = line[:-1].partition(b" ")
        # What a write that was cut short mixed with what stood there counts for nothing.
        if line != again or len(name) != _NAME or len(digits) != _DIGITS or not digits.isdigit():
            return None
        return name.decode("ascii", "replace"), int(digits)


def older_vault(path: str, known: Known, seen: tuple[str, int] | None) -> str:
    """
    Say why a vault is an older copy than the log was written with, or return the empty string.

    Args:
        path: Of the vault.
        known: What it says, read after *seen*.
        seen: What the log directory says.
    """
    if seen is None or seen[0] != known.name or seen[1] <= known.writes:
        return ""
    return (
        f"{path} is an older copy of this log's vault: it stands at change {known.writes}, and the log was used with it at change {seen[1]}. It lacks what was "
        "disclosed since, or how long cases are to be kept or held, so nothing is recorded, erased, kept or held with it. Put the newest vault back, with "
        "the file of that name and -wal behind it if there is one; only if there is none, open the log with new_vault=True to go on with this one: what it "
        "lacks stays lost"
    )


def older_log(directory: str, vault: str, known: Known, leaf_at: Callable[[int], str | None]) -> str:
    """
    Say why a log is an older copy than its vault was written with, or return the empty string.

    Args:
        directory: Of the log.
        vault: The path of its vault.
        known: What that says, read before the log is.
        leaf_at: Gives the leaf of a record; None where the log has none of this number.
    """
    found = leaf_at(known.size - 1) if known.size else known.leaf
    if found == known.leaf:
        return ""
    last = known.size - 1
    said = (
        f"{directory} ends before record #{last}, which it had when its vault {vault} was last written: it is an older copy, or was cut"
        if found is None
        else f"{directory} has another record #{last} than when its vault {vault} was last written: it is an older copy that was gone on with, or was changed"
    )
    return (
        f"{said}. Nothing is recorded, erased, kept or held in it. Put the newest log back; only if there is none, open the log with new_vault=True to go on "
        "from what is here: records and erasures that it lacks stay lost"
    )
