"""
Where to go on behind a head that somebody kept: the tree and the end of the log as that head says, from what is derived, and checked against it.

`cache/tiles` holds the root of every 256 records. It is believed only as far as it gives the head's root together with the leaves behind its last tile, which
are read. No other log has this root; so what is returned is what the head stands for, or nothing.

Must not know what a record says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scoring.audit import disk, segments
from scoring.audit.chain import MAX_LINE
from scoring.audit.tree import HASH_BYTES, Tree, leaf_hash

if TYPE_CHECKING:
    from pathlib import Path

    from scoring.audit.checkpoint import Head
    from scoring.audit.report import Place

__all__ = ["resume"]

_TILE_LEVEL = 8
_BLOCK = 1 << 20  # bytes


def resume(directory: Path, head: Head) -> tuple[Tree, Place, int] | None:
    """
    Find the end of what *head* stands for.

    Returns:
        The tree, the place of the last record, and where its line ends in its file; None where the cache does not give the head's root.
    """
    tiles = max(head.size - 1, 0) >> _TILE_LEVEL  # so that one record is read, to which the next one chains
    try:
        return _walk(directory, head, _roots(directory, tiles), tiles) if head.size else None
    except OSError:
        return None


def _roots(directory: Path, tiles: int) -> bytes:
    if not tiles:
        return b""
    with disk.open_file(str(directory / "cache" / "tiles")) as file:
        return file.read(tiles * HASH_BYTES)


def _walk(directory: Path, head: Head, roots: bytes, tiles: int) -> tuple[Tree, Place, int] | None:
    if len(roots) != tiles * HASH_BYTES:
        return None
    tree = Tree()
    for start in range(0, len(roots), HASH_BYTES):
        tree.append_subtree(_TILE_LEVEL, roots[start : start + HASH_BYTES])
    first = min(segments.segment_of(head.size - 1), segments.segment_of(tree.size))
    place: Place = (0, 0, "", "")
    offset = 0
    for begin in range(first, head.size, segments.SEGMENT_RECORDS):
        name, offset = f"log/{segments.segment_name(begin)}", 0
        # A segment may begin with records of tiles that are known: these lines are only counted.
        with disk.open_file(str(directory / name), _BLOCK) as file:
            for seq in range(begin, min(head.size, begin + segments.SEGMENT_RECORDS)):
                line = file.readline(MAX_LINE + 1)
                if line[-1:] != b"\n":
                    return None
                if seq >= tree.size:
                    leaf = leaf_hash(line[:-1])
                    tree.append(leaf)
                    place = (seq, offset, name, leaf.hex())
                offset += len(line)
    return (tree, place, offset) if tree.root() == head.root else None
