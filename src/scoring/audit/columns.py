"""
Past decisions as columns: a cache, derived from the log alone, of what their outcomes were and under which circumstances.

Owns ``cache/columns`` in the log's directory (FORMAT.md 2: what lies under ``cache/`` may be deleted, and is believed no more than the program that made it).
`state` there names the size of the log that was read and the leaf of its last record; a log that does not have that leaf there, a file that is not what `state`
says, or a state of another format, and all of it is made again. Otherwise only what is new in the log is read. Where nothing can be written it is made in
a temporary directory. `verify` does not read it.

A chunk holds up to `CHUNK` decisions of one pack, profile, level and variant, in their order: per decision its seq, a number for its circumstances, a
number for what it came to, and then digit by digit the outcomes of all of them, so that one item is one run of bytes.

Must not know what an outcome is worth, nor what a pack says.
"""

# ruff: noqa: PTH103, PTH107, PTH118, PTH208 - as the modules of the log beside it
from __future__ import annotations

import os
import shutil
import sys
import tempfile
import weakref
from array import array
from bisect import bisect_left
from hashlib import sha256

from scoring import canonical
from scoring.audit import disk
from scoring.audit.chain import Tail, leaf_of, link_of
from scoring.audit.segments import SEGMENT_RECORDS, Segments
from scoring.audit.value import Value
from scoring.errors import LogError, StoreError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeAlias

    from scoring.audit.log import AuditLog

    Progress: TypeAlias = Callable[[int, int], None]  # records read, records in all

__all__ = ["CHUNK", "Chunk", "Columns", "Group", "columns_of", "submissions_of"]

FORMAT = 1
CHUNK = (
    16_384  # decisions; some 900 KB where each has 50 items, which a second-level cache holds in part and memory always
)
_STATE = "state"
_TOLD = 65_536  # records between two calls of `progress`
_CIRCUMSTANCES = ("handed_in", "irregularities", "notice", "reinstate", "void")
_RESULT = ("status", "verdict", "action")
_EVALUATED = ("passed", "ended", "pending")


class Group(Value):
    """
    Decisions that were made alike.

    Attributes:
        pack: The digest of the rubric. profile, level: As it was loaded. variant: Of the cases, or None.
        decisions: How many there are, superseded ones among them.
        chunks: For each chunk its file and how many decisions it holds.
    """

    __slots__ = ("pack", "profile", "level", "variant", "decisions", "chunks")  # noqa: RUF023 - in the order of the constructor

    pack: str
    profile: str
    level: str | None
    variant: str | None
    decisions: int
    chunks: tuple[tuple[str, int], ...]


class Chunk:
    """
    Some decisions of one group, column by column.

    Attributes:
        variant: Of their cases, or None.
        seqs: Their records, rising.
        superseded: One byte for each: 1 where a newer decision of the case supersedes it.
        circumstances: What they were made under, each once: `handed_in`, `irregularities`, `notice`, `reinstate`, `void` as decisions spell them, and
            `evaluated`, how many stages were. results: What they came to, each once: status, verdict, action.
        around, came: For each decision the number of its circumstances and of its result.
        digits: For each digit of `outcomes`, FORMAT.md 7, one byte for each decision: the ASCII digit itself.
    """

    __slots__ = ("around", "came", "circumstances", "digits", "results", "seqs", "superseded", "variant")

    def __init__(  # noqa: PLR0917 - made by `Columns.chunk`, and by tests
        self,
        variant: str | None,
        seqs: array[int],
        superseded: bytes,
        circumstances: list[dict[str, Any]],
        results: list[tuple[str, str | None, str]],
        around: array[int],
        came: array[int],
        digits: list[bytes],
    ) -> None:
        self.variant = variant
        self.seqs = seqs
        self.superseded = superseded
        self.circumstances = circumstances
        self.results = results
        self.around = around
        self.came = came
        self.digits = digits

    def __len__(self) -> int:
        return len(self.seqs)

    def outcomes(self, row: int) -> str:
        """The `outcomes` of one decision."""
        return bytes(column[row] for column in self.digits).decode()


class Columns:
    """
    The columns of one log as it was when they were made. Processes may share them; nothing in them changes.

    Attributes:
        size, leaf: Of the log that they describe: how many records, and the leaf of the last one.
        groups: In the order in which the log began them.
    """

    def __init__(self, directory: str, state: dict[str, Any]) -> None:
        self._directory = directory
        self.size: int = state["size"]
        self.leaf: str = state["leaf"]
        self.groups = tuple(_group(entry) for entry in state["groups"])
        self._superseded = _numbers("Q", _read(directory, state["superseded"]))

    def of(self, pack: str, profile: str | None = None, level: str | None = None) -> list[Group]:
        """The groups of one pack; of one profile and level, where a profile is given."""
        return [
            group
            for group in self.groups
            if group.pack == pack and (profile is None or (group.profile, group.level) == (profile, level))
        ]

    def chunk(self, group: Group, place: int) -> Chunk:
        """
        Read one chunk.

        Raises:
            LogError: Its file is not what it was: the cache was deleted or changed meanwhile.
        """
        seqs, head, around, came, body = _unpack(_read(self._directory, group.chunks[place][0]))
        rows = len(seqs)
        width = len(body) // rows
        marks = bytearray(rows)
        first = bisect_left(self._superseded, seqs[0])
        for gone in self._superseded[first : bisect_left(self._superseded, seqs[-1] + 1)]:
            row = bisect_left(seqs, gone)
            if seqs[row] == gone:
                marks[row] = 1
        return Chunk(
            group.variant,
            seqs,
            bytes(marks),
            head["circumstances"],
            [tuple(result) for result in head["results"]],
            around,
            came,
            [body[digit * rows : (digit + 1) * rows] for digit in range(width)],
        )


def columns_of(log: AuditLog, progress: Progress | None = None) -> Columns:
    """
    Give the columns of a log, from its cache as far as that goes.

    Args:
        log: An open log; it is read up to its end as it is now.
        progress: Is told now and then how many records were read, and how many there are.

    Raises:
        LogError: A record is damaged or does not chain.
        StoreError: The log, or a temporary directory, cannot be read or written.
    """
    size, leaf = log.head
    segments = Segments(os.path.join(log.path, "log"))
    directory = os.path.join(log.path, "cache", "columns")
    state = _usable(directory, segments, size)
    if state is not None and (state["size"], state["leaf"]) == (size, leaf):
        return Columns(directory, state)
    try:
        os.makedirs(directory, exist_ok=True)
        return Columns(directory, _Making(directory, state).read(segments, size, progress))
    except OSError:  # a medium that cannot be written, or a directory of somebody else's
        return _elsewhere(segments, size, progress)


def _elsewhere(segments: Segments, size: int, progress: Progress | None) -> Columns:
    """Columns in a temporary directory, which goes when they do."""
    room = ""
    try:
        room = tempfile.mkdtemp(prefix="scoring-columns-")
        found = Columns(room, _Making(room, None).read(segments, size, progress))
    except OSError as error:
        shutil.rmtree(room, ignore_errors=True)
        raise StoreError(f"columns cannot be written to a temporary directory: {error.strerror}") from error
    except BaseException:
        shutil.rmtree(room, ignore_errors=True)
        raise
    weakref.finalize(found, shutil.rmtree, room, ignore_errors=True)
    return found


def submissions_of(log: AuditLog) -> Callable[[int], dict[str, Any]]:
    """
    Give what reads the submission of a decision by its seq.

    The function raises a `LogError` that says why where it is gone: erased at which record, or not in the vault.
    """

    def read(seq: int) -> dict[str, Any]:
        found = log.submission(seq)
        if found is None:
            erased = log.erased(seq)
            raise LogError("its submission is not in the vault" if erased is None else f"erased at record {erased}")
        return found

    return read


def _group(entry: dict[str, Any]) -> Group:
    chunks = tuple((name, rows) for name, rows in entry["chunks"])
    return Group(*entry["of"], sum(rows for _, rows in chunks), chunks)


# --- files ---


def _read(directory: str, name: str) -> bytes:
    """Read a file that is named by what it holds."""
    try:
        with disk.open_file(os.path.join(directory, name)) as file:
            data = file.read()
    except OSError as error:
        raise LogError(f"the columns in {directory} were changed meanwhile ({error.strerror}): try again") from None
    if _name_of(data) != name:
        raise LogError(f"the columns in {directory} are damaged: delete that directory; it is made again from the log")
    return data


def _name_of(data: bytes) -> str:
    return sha256(data).hexdigest()[:32]


def _keep(directory: str, data: bytes) -> str:
    """Write a file under the name of what it holds; readers of the old ones are not disturbed."""
    name = _name_of(data)
    _replace(os.path.join(directory, name), data)
    return name


def _replace(path: str, data: bytes) -> None:
    temporary = f"{path}.{os.getpid()}.tmp"
    with open(temporary, "wb") as file:  # noqa: PTH123 - as above
        file.write(data)
    os.replace(temporary, path)  # noqa: PTH105 - as above


def _usable(directory: str, segments: Segments, size: int) -> dict[str, Any] | None:
    """The state of the cache, where it describes the log's first records."""
    try:
        with disk.open_file(os.path.join(directory, _STATE)) as file:
            said, _, data = file.read().partition(b"\n")
        if said != _name_of(data).encode():
            return None
        state: Any = canonical.loads_canonical(data)
        if state["format"] != FORMAT or not 0 < state["size"] <= size:
            return None
        if leaf_of(segments.line(state["size"] - 1, state["last"])) != state["leaf"]:
            return None
        for name in _files_of(state):
            _read(directory, name)
    except (OSError, KeyError, TypeError, ValueError, LogError, StoreError):
        return None
    return state  # type: ignore[no-any-return]


def _to_native(numbers: array[int]) -> None:
    if sys.byteorder == "big":
        numbers.byteswap()


def _numbers(kind: str, data: bytes) -> array[int]:
    found = array(kind)
    found.frombytes(data)
    _to_native(found)
    return found


def _bytes_of(numbers: array[int]) -> bytes:
    if sys.byteorder == "big":
        numbers = array(numbers.typecode, numbers)
        numbers.byteswap()
    return numbers.tobytes()


def _unpack(data: bytes) -> tuple[array[int], dict[str, Any], array[int], array[int], bytes]:
    line, _, rest = data.partition(b"\n")
    head: Any = canonical.loads(line)
    rows = head["rows"]
    ends = (8 * rows, 10 * rows, 12 * rows)
    return (
        _numbers("Q", rest[: ends[0]]),
        head,
        _numbers("H", rest[ends[0] : ends[1]]),
        _numbers("H", rest[ends[1] : ends[2]]),
        rest[ends[2] :],
    )


class _Open:
    """A chunk that has room."""

    def __init__(self) -> None:
        self.seqs = array("Q")
        self.outcomes: list[str] = []
        self.numbers: tuple[dict[bytes, int], dict[bytes, int]] = ({}, {})
        self.lists: tuple[list[Any], list[Any]] = ([], [])
        self.columns = (array("H"), array("H"))

    def add(self, seq: int, outcomes: str, circumstances: dict[str, Any], result: list[Any]) -> None:
        self.seqs.append(seq)
        self.outcomes.append(outcomes)
        for n, value in enumerate((circumstances, result)):
            key = canonical.dumps(value)  # type: ignore[arg-type]
            number = self.numbers[n].setdefault(key, len(self.lists[n]))
            if number == len(self.lists[n]):
                self.lists[n].append(value)
            self.columns[n].append(number)

    def pack(self) -> bytes:
        rows = len(self.seqs)
        head = {"circumstances": self.lists[0], "results": self.lists[1], "rows": rows}
        joined = "".join(self.outcomes).encode()
        width = len(joined) // rows
        digits = [joined[place::width] for place in range(width)]
        parts = [canonical.dumps(head), b"\n", _bytes_of(self.seqs), *map(_bytes_of, self.columns), *digits]
        return b"".join(parts)

    @classmethod
    def unpack(cls, data: bytes) -> _Open:
        opened = cls()
        seqs, head, around, came, body = _unpack(data)
        rows = len(seqs)
        for row, seq in enumerate(seqs):
            outcomes = body[row::rows].decode()
            opened.add(seq, outcomes, head["circumstances"][around[row]], head["results"][came[row]])
        return opened


class _Making:
    """Columns in the making: what of them is written, and of each group the chunk that has room."""

    def __init__(self, directory: str, state: dict[str, Any] | None) -> None:
        self.directory = directory
        self.before = {name for name in os.listdir(directory) if name != _STATE}
        self.current = _files_of(state) if state else set()
        self.tail = Tail(state["size"], state["leaf"], state["offset"]) if state else Tail()
        self.last: int = state["last"] if state else 0
        self.groups: dict[tuple[Any, ...], list[list[Any]]] = {}
        self.open: dict[tuple[Any, ...], _Open] = {}
        self.superseded = array("Q")
        if state:
            self.superseded = _numbers("Q", _read(directory, state["superseded"]))
            for entry in state["groups"]:
                key = tuple(entry["of"])
                self.groups[key] = [[name, rows] for name, rows in entry["chunks"]]
                if self.groups[key][-1][1] < CHUNK:
                    name, _ = self.groups[key].pop()
                    self.open[key] = _Open.unpack(_read(directory, name))

    def read(self, segments: Segments, size: int, progress: Progress | None) -> dict[str, Any]:
        """Take in the log's records up to *size*; return what `state` says then."""
        for offset, line in segments.after(self.tail, torn_ends=True):
            seq = self.tail.size
            if seq == size:
                break
            link = link_of(line)
            if link is None or link[:2] != (seq, self.tail.leaf):
                raise LogError("it does not chain: this record or the one before it was changed; run verify", seq=seq)
            self.last = offset
            self.tail = self.tail.after(leaf_of(line), len(line), SEGMENT_RECORDS)
            if link[2] == "decision":
                self._take(seq, line)
            if progress is not None and self.tail.size % _TOLD == 0:
                progress(self.tail.size, size)
        if progress is not None:
            progress(self.tail.size, size)
        return self._settle()

    def _take(self, seq: int, line: bytes) -> None:
        try:
            body: Any = canonical.loads(line)["body"]  # type: ignore[call-overload,index]
            decision = body["decision"]
            circumstances = {key: decision[key] for key in _CIRCUMSTANCES}
            statuses = [status for status, _ in decision["stages"].values()]
            circumstances["evaluated"] = sum(status in _EVALUATED for status in statuses)
            key = (decision["pack"], decision["profile"], decision["level"], decision["variant"])
            outcomes, result = decision["outcomes"], [decision[name] for name in _RESULT]
        except (KeyError, TypeError, ValueError):
            raise LogError("it does not fit the record format; run verify", seq=seq) from None
        if body["supersedes"] is not None:
            self.superseded.append(body["supersedes"])
        chunk = self.open.get(key)
        if chunk is None:
            self.groups.setdefault(key, [])
            chunk = self.open[key] = _Open()
        elif len(chunk.outcomes[0]) != len(outcomes):
            raise LogError("its outcomes have another length than those of its pack; run verify", seq=seq)
        chunk.add(seq, outcomes, circumstances, result)
        if len(chunk.seqs) == CHUNK:
            self.groups[key].append([_keep(self.directory, self.open.pop(key).pack()), CHUNK])

    def _settle(self) -> dict[str, Any]:
        groups = []
        for key, chunks in self.groups.items():
            last = self.open.get(key)
            rest = [[_keep(self.directory, last.pack()), len(last.seqs)]] if last else []
            groups.append({"chunks": [*chunks, *rest], "of": [*key]})
        superseded = array("Q", sorted(self.superseded))
        state = {
            "format": FORMAT,
            "groups": groups,
            "last": self.last,
            "leaf": self.tail.leaf,
            "offset": self.tail.offset,
            "size": self.tail.size,
            "superseded": _keep(self.directory, _bytes_of(superseded)),
        }
        data = canonical.dumps(state)
        _replace(os.path.join(self.directory, _STATE), _name_of(data).encode() + b"\n" + data)
        # What the state before this one named stays for whoever is reading it.
        for name in self.before - self.current - _files_of(state):
            try:
                os.remove(os.path.join(self.directory, name))
            except OSError:
                continue
        return state


def _files_of(state: dict[str, Any]) -> set[str]:
    return {state["superseded"], *(name for entry in state["groups"] for name, _ in entry["chunks"])}
