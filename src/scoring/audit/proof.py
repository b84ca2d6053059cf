"""
What shows that a record is in a log, or that a log only grew: the proofs of RFC 6962, made from subtree hashes and checked without any.

Owns which hashes a proof holds and how they lead to a root. Pure. Must not know how a tree is kept, nor who signed its root.
"""

from __future__ import annotations

from scoring.audit.tree import MAX_SIZE, check_hashes, node_hash, range_root
from scoring.errors import LogError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from scoring.audit.tree import HashReader

__all__ = ["check_consistency", "check_inclusion", "consistency_proof", "inclusion_proof"]


def inclusion_proof(index: int, size: int, reader: HashReader) -> list[bytes]:
    """
    Return what shows that leaf *index* is in the tree of *size* leaves: the siblings from the leaf up.

    Raises:
        LogError: There is no such leaf in a tree of that size, or *reader* lacks a subtree.

    Source: RFC 6962, 2.1.1.
    """
    _leaf_of_tree(index, size)
    low, high, path = 0, size, []
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            path.append(range_root(middle, high, reader))
            high = middle
        else:
            path.append(range_root(low, middle, reader))
            low = middle
    return path[::-1]


def consistency_proof(old: int, size: int, reader: HashReader) -> list[bytes]:
    """
    Return what shows that the tree of *size* leaves begins with the tree of *old* leaves; nothing where the sizes are equal.

    Raises:
        LogError: *old* is 0 (nothing to show: every tree begins with the empty one) or above *size*; *reader* lacks a subtree.

    Source: RFC 6962, 2.1.2.
    """
    _older_tree(old, size)
    low, high, path = 0, size, []
    while old < high:
        middle = low + _split(high - low)
        if old <= middle:
            path.append(range_root(middle, high, reader))
            high = middle
        else:
            path.append(range_root(low, middle, reader))
            low = middle
    if low:  # else the subtree in common is the old tree itself, whose root the verifier has
        path.append(range_root(low, high, reader))
    return path[::-1]


def check_inclusion(proof: Sequence[bytes], leaf: bytes, index: int, size: int, root: bytes) -> None:
    """
    Check that the tree of *size* leaves and *root* holds *leaf* at *index*.

    Raises:
        LogError: It does not show that: another leaf, place or root; a hash too many, too few, altered, or not 32 bytes long.

    Source: RFC 9162, 2.1.3.2.
    """
    _leaf_of_tree(index, size)
    check_hashes((leaf, root, *proof))
    found = leaf
    for sibling, left in _steps(proof, index, size - 1, "inclusion proof"):
        found = node_hash(sibling, found) if left else node_hash(found, sibling)
    _same("the inclusion proof does not lead from this record to this root", found, root, seq=index)


def check_consistency(proof: Sequence[bytes], old: int, old_root: bytes, size: int, root: bytes) -> None:
    """
    Check that the tree of *size* leaves and *root* begins with the tree of *old* leaves and *old_root*.

    Raises:
        LogError: It does not show that; an *old* of 0 is refused, for it shows nothing.

    Source: RFC 9162, 2.1.4.2.
    """
    _older_tree(old, size)
    check_hashes((old_root, root, *proof))
    if old == size:
        if proof:
            raise LogError("the consistency proof has a hash too many")
        return _same("two heads of one size differ: the log was forked", root, old_root)
    path = list(proof)
    if old & (old - 1) == 0:  # a power of two: the old root is itself the first subtree
        path.insert(0, old_root)
    if not path:
        raise LogError("the consistency proof lacks a hash")
    node, last = old - 1, size - 1
    while node & 1:
        node >>= 1
        last >>= 1
    found_old = found = path[0]
    for sibling, left in _steps(path[1:], node, last, "consistency proof"):
        if left:
            found_old = node_hash(sibling, found_old)
            found = node_hash(sibling, found)
        else:
            found = node_hash(found, sibling)
    _same("the older head is no part of this log, or the proof was altered", found_old, old_root)
    return _same("the consistency proof does not lead to this root", found, root)


def _steps(proof: Sequence[bytes], node: int, last: int, what: str) -> Iterator[tuple[bytes, bool]]:
    """
    Go up from *node*, one of 0 to *last* of its level, and say of each hash of the proof whether it joins from the left.

    Source: RFC 9162, 2.1.3.2 steps 4 and 5, which 2.1.4.2 steps 6 and 7 repeat.
    """
    for sibling in proof:
        if last == 0:
            raise LogError(f"the {what} has a hash too many")
        left = node & 1 == 1 or node == last
        yield sibling, left
        while (
            left and not node & 1
        ):  # the last node of a level has no sibling there; it ends, for a node 0 that is last has no step to go
            node >>= 1
            last >>= 1
        node >>= 1
        last >>= 1
    if last:
        raise LogError(f"the {what} lacks a hash")


def _split(count: int) -> int:
    """Return the largest power of two below *count*, which is at least 2."""
    return 1 << ((count - 1).bit_length() - 1)


def _leaf_of_tree(index: int, size: int) -> None:
    if not 0 <= index < size <= MAX_SIZE:
        raise LogError("no such record in this tree", expected=f"a number below its size {size}", found=str(index))


def _older_tree(old: int, size: int) -> None:
    if not 0 < old <= size <= MAX_SIZE:
        raise LogError("no such older tree", expected=f"a size of 1 to {size}", found=str(old))


def _same(message: str, found: bytes, expected: bytes, seq: int | None = None) -> None:
    if found != expected:
        raise LogError(message, seq=seq, expected=f"root {expected.hex()}", found=found.hex())
