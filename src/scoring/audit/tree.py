"""
The Merkle tree of RFC 6962 over the leaves that the chain already has.

Owns the two hashes and the order in which subtrees join. A tree of n leaves is kept as the roots of its perfect
subtrees, one for each bit of n, so that appending, the root, storing and resuming cost as little for two million records as for two. A subtree
is named by (level, index): it stands over the leaves index·2^level to (index + 1)·2^level - 1.

Pure: hashes are 32 bytes, in and out. Must not know of records, files, signatures or proofs.
"""

from __future__ import annotations

from hashlib import sha256

from scoring.errors import LogError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import Protocol
else:
    Protocol = object  # typing would double a cold start

__all__ = [
    "EMPTY_ROOT",
    "HASH_BYTES",
    "MAX_SIZE",
    "HashReader",
    "Subtrees",
    "Tree",
    "check_hashes",
    "cover",
    "joined",
    "leaf_hash",
    "levels_over",
    "node_hash",
    "perfect_root",
    "range_root",
    "root_at",
]

HASH_BYTES = 32
EMPTY_ROOT = sha256(b"").digest()  # RFC 6962, 2.1: the hash of an empty list
MAX_SIZE = 2**63 - 1  # what Go's tlog counts with; a proof has at most 63 hashes

_LEAF, _NODE = sha256(b"\x00"), sha256(b"\x01")  # copied: cheaper than to begin anew


def leaf_hash(entry: bytes) -> bytes:
    """
    Return SHA-256(0x00 || entry): `chain.leaf_of` as bytes.

    Source: RFC 6962, 2.1; FORMAT.md 3.
    """
    digest = _LEAF.copy()
    digest.update(entry)
    return digest.digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """
    Return SHA-256(0x01 || left || right); the first byte differs from a leaf's, so that neither passes for the other.

    Source: RFC 6962, 2.1.
    """
    return sha256(b"\x01" + left + right).digest()


def perfect_root(hashes: Sequence[bytes]) -> bytes:
    """Return the root over *hashes*, whose number is a power of two; faster than a `Tree`."""
    while len(hashes) > 1:
        hashes = [
            sha256(b"\x01" + left + right).digest() for left, right in zip(hashes[::2], hashes[1::2], strict=True)
        ]
    return hashes[0]


def levels_over(leaves: Sequence[bytes]) -> list[Sequence[bytes]]:
    """Return the roots of all perfect subtrees over *leaves* from the first on, by level: the leaves themselves first."""
    levels, fresh = [leaves], _NODE.copy
    while len(levels[-1]) > 1:
        pairs, above = iter(levels[-1]), []
        for left, right in zip(pairs, pairs, strict=False):
            node = fresh()
            node.update(left + right)
            above.append(node.digest())
        levels.append(above)
    return levels


class HashReader(Protocol):
    """Whoever keeps the hashes of perfect subtrees: a cache, tiles, memory."""

    def subtree(self, level: int, index: int) -> bytes:
        """Return the root of the perfect subtree (level, index), all of whose leaves are there; raise LogError if it cannot."""


class Tree:
    """
    A tree that grows by one leaf after the other, from any size on.

    Args:
        size: How many leaves it has already.
        roots: The roots of their perfect subtrees, largest first: one for each bit set in *size*.

    Raises:
        LogError: *roots* cannot belong to a tree of that size.

    >>> tree = Tree()
    >>> for line in (b"a", b"b", b"c"):
    ...     _ = tree.append(leaf_hash(line))
    >>> tree.root() == node_hash(node_hash(leaf_hash(b"a"), leaf_hash(b"b")), leaf_hash(b"c"))
    True
    >>> Tree(tree.size, tree.roots).root() == tree.root()
    True
    """

    __slots__ = ("_roots", "_size")

    def __init__(self, size: int = 0, roots: Iterable[bytes] = ()) -> None:
        self._roots = [*roots]
        self._size = size
        if not 0 <= size <= MAX_SIZE or len(self._roots) != size.bit_count():
            found = f"{len(self._roots)} roots"
            raise LogError(
                f"a tree of {size} leaves is not kept like this", expected="one root for each bit", found=found
            )
        check_hashes(self._roots)

    @classmethod
    def read(cls, size: int, reader: HashReader) -> Tree:
        """Return the tree as it was at *size*, from the subtrees that *reader* keeps."""
        if not 0 <= size <= MAX_SIZE:
            raise LogError("no such tree", expected=f"a size of 0 to {MAX_SIZE}", found=str(size))
        return cls(size, (reader.subtree(level, index) for level, index in cover(0, size)))

    @property
    def size(self) -> int:
        """How many leaves there are."""
        return self._size

    @property
    def roots(self) -> tuple[bytes, ...]:
        """The roots of the perfect subtrees, largest first; with `size` all that is needed to go on."""
        return tuple(self._roots)

    def append(self, leaf: bytes) -> list[bytes]:
        """
        Add one leaf hash.

        Returns:
            The root of every perfect subtree that it completes, by level: the leaf itself first. The one of level l has the index
            (size - 1) >> l, size counting the new leaf.
        """
        made = [leaf]
        joined, roots = self._size, self._roots
        while joined & 1:
            leaf = sha256(b"\x01" + roots.pop() + leaf).digest()
            made.append(leaf)
            joined >>= 1
        roots.append(leaf)
        self._size += 1
        return made

    def append_subtree(self, level: int, root: bytes) -> None:
        """
        Add 2^level leaves at once, by the root over them: so segments can be hashed apart, and on several cores.

        Raises:
            LogError: The size so far is no multiple of 2^level, so that these leaves make no subtree of the tree.
        """
        joined, rest = divmod(self._size, 1 << level)
        if rest:
            raise LogError(
                f"no subtree of {1 << level} leaves begins here", found=str(self._size), expected="a multiple of it"
            )
        while joined & 1:
            root = node_hash(self._roots.pop(), root)
            joined >>= 1
        self._roots.append(root)
        self._size += 1 << level

    def root(self) -> bytes:
        """Return the Merkle tree hash of all leaves so far; `EMPTY_ROOT` where there is none."""
        return joined(self._roots) if self._roots else EMPTY_ROOT


class Subtrees:
    """Every subtree hash of a growing tree, in memory: 64 bytes a leaf. A `HashReader`."""

    __slots__ = ("_levels", "tree")

    def __init__(self, leaves: Iterable[bytes] = ()) -> None:
        self.tree = Tree()
        self._levels: list[bytearray] = []
        for leaf in leaves:
            self.append(leaf)

    def append(self, leaf: bytes) -> None:
        """Add one leaf hash."""
        for level, made in enumerate(self.tree.append(leaf)):
            if level == len(self._levels):
                self._levels.append(bytearray())
            self._levels[level] += made

    def subtree(self, level: int, index: int) -> bytes:
        """Return the root of the perfect subtree (level, index); LogError where it is not complete yet."""
        if not 0 <= index < self.tree.size >> level:
            raise LogError(
                "no such subtree", expected=f"fewer than {self.tree.size >> level}", found=f"{level}/{index}"
            )
        return bytes(self._levels[level][index * HASH_BYTES : (index + 1) * HASH_BYTES])


def root_at(size: int, reader: HashReader) -> bytes:
    """Return the root that the tree had when it had *size* leaves."""
    return Tree.read(size, reader).root()


def range_root(low: int, high: int, reader: HashReader) -> bytes:
    """Return the root over the leaves low to high - 1, a range that splits of a tree left (RFC 6962, 2.1)."""
    return joined([reader.subtree(level, index) for level, index in cover(low, high)])


def check_hashes(hashes: Iterable[bytes]) -> None:
    """Refuse a hash of another length: two neighbours cut at another place would join to the same node."""
    for one in hashes:
        if len(one) != HASH_BYTES:
            raise LogError("this is no SHA-256 hash", expected=f"{HASH_BYTES} bytes", found=f"{len(one)} bytes")


def cover(low: int, high: int) -> Iterator[tuple[int, int]]:
    """Name by (level, index) the perfect subtrees over the leaves low to high - 1, largest first; *low* is where a split of the tree left it."""
    while low < high:
        level = (high - low).bit_length() - 1
        yield level, low >> level
        low += 1 << level


def joined(roots: Sequence[bytes]) -> bytes:
    """Return the root over subtrees that stand side by side, largest first: the small ones on the right join first."""
    root = roots[-1]
    for left in reversed(roots[:-1]):
        root = node_hash(left, root)
    return root
