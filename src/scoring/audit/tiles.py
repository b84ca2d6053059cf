"""
A log as static files that any client of C2SP tlog-tiles can fetch, check, and make proofs from.

Owns the layout (c2sp.org/tlog-tiles): the paths, the tiles of 256 hashes, the bundles of 256 entries, the checkpoint beside them. An entry is a
record's line without its line end. Memory stays flat: one tile for each level and one bundle.

    checkpoint                   the signed head
    tile/0/x001/067              leaf hashes 1067·256 to 1067·256 + 255
    tile/1/004.p/43              the 43 roots of full tiles below that there are: an unfinished tile
    tile/entries/x001/067        the records themselves, each after its length in two bytes

Must not know where the lines come from. Writing and reading go through one function each; `into` and `out_of` are those of a directory.
"""

from __future__ import annotations

from itertools import islice

from scoring.audit import checkpoint
from scoring.audit.disk import open_file
from scoring.audit.tree import HASH_BYTES, MAX_SIZE, Tree, leaf_hash, perfect_root
from scoring.errors import LogError, StoreError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from scoring.audit.keys import VerificationKey

    Read = Callable[[str], bytes]
    Write = Callable[[str, bytes], None]

__all__ = [
    "CHECKPOINT",
    "ENTRIES",
    "TileReader",
    "check_tiles",
    "entries",
    "into",
    "out_of",
    "tile_path",
    "write_tiles",
]

CHECKPOINT = "checkpoint"
ENTRIES = "entries"
MAX_ENTRY = 65_535  # bytes: a length has two; a record's line is at most half of that

_HEIGHT = 8
_WIDTH = 1 << _HEIGHT
_MAX_FILE = _WIDTH * (2 + MAX_ENTRY)


def tile_path(level: int | str, index: int, width: int = _WIDTH) -> str:
    """
    Return where tile *index* of *level* lies, or the bundle where *level* is `ENTRIES`.

    Args:
        level: 0 to 63, or `ENTRIES`.
        index: From 0.
        width: How many hashes or entries it holds, 1 to 256; fewer than 256 make it a partial one.

    >>> tile_path(0, 1234067)
    'tile/0/x001/x234/067'
    >>> tile_path(ENTRIES, 273, 112)
    'tile/entries/273.p/112'
    """
    digits = str(index)
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    parts = [digits[start : start + 3] for start in range(0, len(digits), 3)]
    name = "/".join([*(f"x{part}" for part in parts[:-1]), parts[-1]])
    return f"tile/{level}/{name}" if width == _WIDTH else f"tile/{level}/{name}.p/{width}"


def write_tiles(lines: Iterable[bytes], head: bytes, write: Write) -> None:
    """
    Write the tiles, the bundles, and last the checkpoint, so that no reader finds a head without what it covers.

    Args:
        lines: The log's records from the first on, without line ends; those beyond the head are left out.
        head: The checkpoint, as the log wrote it.
        write: Called with each path and its bytes; every path once.

    Raises:
        LogError: The lines are not what the head covers (no checkpoint is written then), or one is longer than the format allows.
    """
    wanted = checkpoint.parse(head).head
    tree = Tree()
    bundle = _Open(ENTRIES, write)
    levels: list[_Open] = []
    for line in islice(lines, wanted.size):
        if len(line) > MAX_ENTRY:
            raise LogError(
                "too long for an entry bundle", seq=tree.size, found=str(len(line)), expected=f"{MAX_ENTRY} bytes"
            )
        bundle.add(len(line).to_bytes(2, "big") + line)
        for level, full in enumerate(tree.append(leaf_hash(line))[::_HEIGHT]):
            if level == len(levels):
                levels.append(_Open(level, write))
            levels[level].add(full)
    if (tree.size, tree.root()) != (wanted.size, wanted.root):
        expected = f"{wanted.size} records with root {wanted.root.hex()}"
        raise LogError(
            "the records are not those of this head", expected=expected, found=f"{tree.size}, {tree.root().hex()}"
        )
    for tile in (bundle, *levels):
        tile.close()
    write(CHECKPOINT, head)


class _Open:
    """The tile or bundle of one level that is being filled."""

    __slots__ = ("_index", "_level", "_parts", "_write")

    def __init__(self, level: int | str, write: Write) -> None:
        self._level = level
        self._index = 0
        self._parts: list[bytes] = []
        self._write = write

    def add(self, part: bytes) -> None:
        self._parts.append(part)
        if len(self._parts) == _WIDTH:
            self.close()

    def close(self) -> None:
        if self._parts:
            self._write(tile_path(self._level, self._index, len(self._parts)), b"".join(self._parts))
            self._parts.clear()
            self._index += 1


def entries(read: Read, size: int) -> Iterator[bytes]:
    """
    Give the first *size* entries of the bundles; one bundle at a time is in memory.

    Raises:
        LogError: A bundle is missing, cut, or holds more than its entries.
    """
    for first in range(0, size, _WIDTH):
        width = min(_WIDTH, size - first)
        path = tile_path(ENTRIES, first // _WIDTH, width)
        data = read(path)
        offset = 0
        for seq in range(first, first + width):
            start = offset + 2
            offset = start + int.from_bytes(data[offset:start], "big")
            if offset > len(data):
                raise LogError(f"{path} is cut off", seq=seq)
            yield data[start:offset]
        if offset != len(data):
            raise LogError(f"{path} holds more than its {width} entries", seq=first + width)


def check_tiles(read: Read, keys: Sequence[VerificationKey], origin: str | None = None) -> checkpoint.Checkpoint:
    """
    Check everything: that the checkpoint holds, and that every tile is the one that its entries make.

    Args:
        read: Returns the bytes under a path; LogError where there are none.
        keys: At least one of them must have signed; with none given the head stands for itself.
        origin: The log that it must be of, if known.

    Raises:
        LogError: Something is missing, altered, or of another log.
        MissingExtraError: Keys were given, and the extra `sign` is not installed.
    """
    head = read(CHECKPOINT)
    found = checkpoint.verify(head, keys, origin)

    def compare(path: str, data: bytes) -> None:
        if read(path) != data:
            raise LogError(f"{path} is not what the entries make")

    write_tiles(entries(read, found.head.size), head, compare)
    return found


class TileReader:
    """
    The subtree hashes of a tree of *size* leaves, read from its tiles: a `tree.HashReader`.

    What it gives is only as good as the files; a proof made from it has to be checked against a root that is trusted.
    """

    __slots__ = ("_read", "_size")

    def __init__(self, read: Read, size: int) -> None:
        if not 0 <= size <= MAX_SIZE:
            raise LogError("no such tree", expected=f"a size of 0 to {MAX_SIZE}", found=str(size))
        self._read = read
        self._size = size

    def subtree(self, level: int, index: int) -> bytes:
        """Return the root of the perfect subtree (level, index); LogError where it is not complete, or its tile missing or cut."""
        row, above = divmod(level, _HEIGHT)  # the tile's level, and how far above its hashes the subtree's root lies
        first = index << above
        tile, start = divmod(first, _WIDTH)
        width = min(_WIDTH, (self._size >> row * _HEIGHT) - tile * _WIDTH)
        stop = start + (1 << above)
        if index < 0 or stop > width:
            raise LogError(
                "no such subtree in a tree of this size", found=f"{level}/{index}", expected=f"{self._size} leaves"
            )
        path = tile_path(row, tile, width)
        data = self._read(path)
        if len(data) != width * HASH_BYTES:
            raise LogError(
                f"{path} is cut or too long", expected=f"{width * HASH_BYTES} bytes", found=f"{len(data)} bytes"
            )
        return perfect_root([data[at * HASH_BYTES : (at + 1) * HASH_BYTES] for at in range(start, stop)])


def into(directory: Path) -> Write:
    """Return a function that writes into *directory*, making what is missing of its path. It raises StoreError from the OSError."""

    def write(path: str, data: bytes) -> None:
        target = directory / path
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
        except OSError as error:
            raise StoreError(
                f"cannot write {target}: {error.strerror}; free the place or choose another directory"
            ) from error

    return write


def out_of(directory: Path) -> Read:
    """Return a function that reads from *directory*: LogError where there is no such file, StoreError where it cannot be read."""

    def read(path: str) -> bytes:
        target = directory / path
        try:
            with open_file(str(target)) as file:
                data = file.read(_MAX_FILE + 1)
        except (FileNotFoundError, NotADirectoryError):
            raise LogError(f"{path} is missing") from None
        except OSError as error:
            raise StoreError(f"cannot read {target}: {error.strerror}") from error
        if len(data) > _MAX_FILE:
            raise LogError(f"{path} is longer than any tile")
        return data

    return read
