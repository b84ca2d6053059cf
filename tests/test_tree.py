"""The Merkle tree: known answers of others, and every proof of small trees against RFC 6962's definitions written out plainly."""

from __future__ import annotations

import base64
import json
from functools import cache
from hashlib import sha256
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.audit import tree
from scoring.audit.chain import leaf_of
from scoring.audit.proof import check_consistency, check_inclusion, consistency_proof, inclusion_proof
from scoring.audit.tree import Subtrees, Tree
from scoring.errors import LogError

# The eight standard leaves, their roots and proofs: certificate-transparency's merkle tree tests, since kept in transparency-dev/merkle,
# proof/verify_test.go (`leaves`, `roots`, `inclusionProofs`, `consistencyProofs`); leaves there count from 1.
LEAVES = [
    bytes.fromhex(one)
    for one in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
A = "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7"
B = "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e"
C = "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"
D = "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"
E = "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0"
F = "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a"
G = "b08693ec2e721597130641e8211e7eedccb4c26413963eee6c1e2ed16ffb1a5f"
INCLUSION = [
    (1, 1, []),
    (1, 8, [A, B, C]),
    (6, 8, [D, E, ROOTS[3]]),
    (3, 3, [ROOTS[1]]),
    (2, 5, [ROOTS[0], B, D]),
]
CONSISTENCY = [
    (1, 1, []),
    (1, 8, [A, B, C]),
    (6, 8, [F, E, ROOTS[3]]),
    (2, 5, [B, D]),
    (6, 7, [F, G, ROOTS[3]]),
]

SIZES = 130
SMALL = [b"leaf %d" % number for number in range(SIZES)]


# RFC 6962, 2.1: "MTH({}) = SHA-256()", "MTH({d(0)}) = SHA-256(0x00 || d(0))", and for n > 1, with k the largest power of two smaller than n,
# "MTH(D[n]) = SHA-256(0x01 || MTH(D[0:k]) || MTH(D[k:n]))". Lists are written as their first and last position in SMALL.
@cache
def mth(low, high):
    if high == low:
        return sha256(b"").digest()
    if high - low == 1:
        return sha256(b"\x00" + SMALL[low]).digest()
    k = split(high - low)
    return sha256(b"\x01" + mth(low, low + k) + mth(low + k, high)).digest()


def split(n):
    k = 1
    while k * 2 < n:
        k *= 2
    return k


# RFC 6962, 2.1.1: "PATH(0, {d(0)}) = {}"; "PATH(m, D[n]) = PATH(m, D[0:k]) : MTH(D[k:n]) for m < k" and
# "PATH(m, D[n]) = PATH(m - k, D[k:n]) : MTH(D[0:k]) for m >= k".
def path(m, low, high):
    n = high - low
    if n == 1:
        return []
    k = split(n)
    if m < k:
        return [*path(m, low, low + k), mth(low + k, high)]
    return [*path(m - k, low + k, high), mth(low, low + k)]


# RFC 6962, 2.1.2: "SUBPROOF(m, D[m], true) = {}", "SUBPROOF(m, D[m], false) = {MTH(D[m])}"; for m <= k
# "SUBPROOF(m, D[n], b) = SUBPROOF(m, D[0:k], b) : MTH(D[k:n])", for m > k "SUBPROOF(m - k, D[k:n], false) : MTH(D[0:k])".
def subproof(m, low, high, b):
    n = high - low
    if m == n:
        return [] if b else [mth(low, high)]
    k = split(n)
    if m <= k:
        return [*subproof(m, low, low + k, b), mth(low + k, high)]
    return [*subproof(m - k, low + k, high, False), mth(low, low + k)]


READER = Subtrees(map(tree.leaf_hash, SMALL))


def refused(check, *arguments, match=None):
    with pytest.raises(LogError, match=match):
        check(*arguments)


def spoiled(proof):
    """The proof with each hash altered in one bit, dropped, doubled, and each two neighbours swapped or cut at another place."""
    for at, one in enumerate(proof):
        yield [*proof[:at], bytes((one[0] ^ 8,)) + one[1:], *proof[at + 1 :]]
        yield [*proof[:at], *proof[at + 1 :]]
        yield [*proof[: at + 1], *proof[at:]]
    for at, (one, two) in enumerate(pairwise(proof)):
        yield [*proof[:at], two, one, *proof[at + 2 :]]
        yield [*proof[:at], one + two[:1], two[1:], *proof[at + 2 :]]
    yield [*proof, bytes(32)]
    yield [bytes(32), *proof]


class TestKnownAnswers:
    @pytest.mark.parametrize("size", range(1, 9))
    def test_the_roots_of_the_eight_standard_leaves(self, size):
        grown = Tree()
        for leaf in LEAVES[:size]:
            grown.append(tree.leaf_hash(leaf))
        assert ROOTS[size - 1] == grown.root().hex()

    def test_the_root_of_no_leaf_is_the_hash_of_nothing(self):
        """The value is transparency-dev/merkle's `sha256EmptyTreeHash`."""
        assert Tree().root().hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

    @pytest.mark.parametrize(("leaf", "size", "proof"), INCLUSION)
    def test_inclusion_proofs_of_the_standard_leaves(self, leaf, size, proof):
        reader = Subtrees(map(tree.leaf_hash, LEAVES))
        made = inclusion_proof(leaf - 1, size, reader)
        assert proof == [one.hex() for one in made]
        check_inclusion(made, tree.leaf_hash(LEAVES[leaf - 1]), leaf - 1, size, bytes.fromhex(ROOTS[size - 1]))

    @pytest.mark.parametrize(("old", "size", "proof"), CONSISTENCY)
    def test_consistency_proofs_of_the_standard_leaves(self, old, size, proof):
        made = consistency_proof(old, size, Subtrees(map(tree.leaf_hash, LEAVES)))
        assert proof == [one.hex() for one in made]
        check_consistency(made, old, bytes.fromhex(ROOTS[old - 1]), size, bytes.fromhex(ROOTS[size - 1]))

    def test_proofs_that_a_public_log_of_962_million_entries_gave(self):
        """Argon 2020, as published with golang.org/x/mod: sumdb/tlog/testdata/argon2020, ct_test.go."""
        given = json.loads((Path(__file__).parent / "data" / "argon2020.json").read_text())
        hashes = {key: base64.b64decode(given[key]) for key in ("root", "leaf", "old_root")}
        inclusion, consistency = ([base64.b64decode(one) for one in given[key]] for key in ("inclusion", "consistency"))
        check_inclusion(inclusion, hashes["leaf"], given["index"], given["size"], hashes["root"])
        check_consistency(consistency, given["old_size"], hashes["old_root"], given["size"], hashes["root"])
        for bad in spoiled(inclusion):
            refused(check_inclusion, bad, hashes["leaf"], given["index"], given["size"], hashes["root"])
        for bad in spoiled(consistency):
            refused(check_consistency, bad, given["old_size"], hashes["old_root"], given["size"], hashes["root"])

    def test_the_tree_and_the_chain_share_the_leaf_hash(self):
        assert leaf_of(b'{"v":1}') == tree.leaf_hash(b'{"v":1}').hex()


class TestGrowing:
    def test_every_root_up_to_130_leaves_is_the_defined_one_and_the_tree_goes_on_from_its_roots(self):
        grown = Tree()
        for size in range(SIZES + 1):
            assert mth(0, size) == grown.root() == tree.root_at(size, READER)
            assert size.bit_count() == len(grown.roots)
            if size < SIZES:
                resumed = Tree(size, grown.roots)
                made = grown.append(tree.leaf_hash(SMALL[size]))
                assert made == resumed.append(tree.leaf_hash(SMALL[size]))
                assert made == [READER.subtree(level, size >> level) for level in range(len(made))]
                assert resumed.root() == grown.root()

    def test_subtrees_hashed_apart_make_the_same_tree(self):
        """As segments are on several cores: 130 leaves as perfect subtrees of 2^level leaves and the rest one by one."""
        for level in range(8):
            grown, width = Tree(), 1 << level
            for first in range(0, SIZES - width + 1, width):
                leaves = [mth(at, at + 1) for at in range(first, first + width)]
                assert mth(first, first + width) == tree.perfect_root(leaves)
                grown.append_subtree(level, tree.perfect_root(leaves))
            for at in range(grown.size, SIZES):
                grown.append(mth(at, at + 1))
            assert (SIZES, mth(0, SIZES)) == (grown.size, grown.root())

    def test_a_subtree_begins_at_a_multiple_of_its_size_alone(self):
        grown = Tree.read(6, READER)
        refused(grown.append_subtree, 2, bytes(32), match="no subtree of 4 leaves")
        grown.append_subtree(1, READER.subtree(1, 3))
        assert mth(0, 8) == grown.root()

    @pytest.mark.parametrize(
        ("size", "roots"),
        [(3, [bytes(32)]), (2, [bytes(32)] * 2), (0, [bytes(32)]), (1, [bytes(31)]), (-1, []), (1 << 63, [bytes(32)])],
    )
    def test_roots_that_cannot_be_of_that_size_are_refused(self, size, roots):
        refused(Tree, size, roots)

    @pytest.mark.parametrize("size", [-1, SIZES + 1, 1 << 63])
    def test_a_size_that_the_reader_does_not_reach_is_refused(self, size):
        refused(tree.root_at, size, READER)

    @pytest.mark.parametrize(("level", "index"), [(0, SIZES), (0, -1), (1, SIZES // 2), (7, 1), (99, 0)])
    def test_a_subtree_that_is_not_complete_is_refused(self, level, index):
        refused(READER.subtree, level, index)


class TestInclusion:
    def test_every_proof_of_every_tree_is_the_defined_one_and_holds_and_no_spoiled_one_does(self):
        for size in range(1, SIZES + 1):
            root = mth(0, size)
            for index in range(size):
                proof = inclusion_proof(index, size, READER)
                leaf = mth(index, index + 1)
                assert path(index, 0, size) == proof
                check_inclusion(proof, leaf, index, size, root)
                for at, one in enumerate(proof):
                    bad = [*proof[:at], bytes((one[0] ^ 8,)) + one[1:], *proof[at + 1 :]]
                    refused(check_inclusion, bad, leaf, index, size, root)

    def test_every_hash_of_proofs_in_small_trees_is_needed_in_its_place(self):
        for size in range(1, 18):
            for index in range(size):
                for bad in spoiled(path(index, 0, size)):
                    refused(check_inclusion, bad, mth(index, index + 1), index, size, mth(0, size))

    def test_a_proof_holds_for_no_other_place_leaf_or_root(self):
        for size in range(2, 34):
            for index in range(size):
                proof, leaf, root = path(index, 0, size), mth(index, index + 1), mth(0, size)
                for other in {index - 1, index + 1, index ^ 2, size, -1} - {index}:
                    refused(check_inclusion, proof, leaf, other, size, root)
                refused(check_inclusion, proof, mth(index - 1, index), index, size, root) if index else None
                refused(check_inclusion, proof, leaf, index, size, mth(0, size - 1))
                refused(check_inclusion, proof, leaf, index, size, tree.EMPTY_ROOT)

    @pytest.mark.parametrize(("index", "size"), [(0, 0), (1, 1), (8, 8), (-1, 8), (0, -1), (0, 1 << 63)])
    def test_a_record_beyond_the_tree_has_no_proof_and_none_holds(self, index, size):
        refused(inclusion_proof, index, size, READER, match="no such record")
        refused(check_inclusion, [], mth(0, 1), index, size, mth(0, 1), match="no such record")

    def test_two_neighbours_cut_at_another_place_are_refused(self):
        """They join to the same bytes, hence to the same node: only their lengths tell."""
        whole = mth(0, 1) + mth(1, 2)
        for cut in (0, 1, 31, 33, 64):
            refused(check_inclusion, [whole[cut:]], whole[:cut], 0, 2, mth(0, 2), match="no SHA-256 hash")
            refused(check_consistency, [whole[cut:]], 1, whole[:cut], 2, mth(0, 2), match="no SHA-256 hash")

    def test_a_node_does_not_pass_for_a_leaf(self):
        """Leaf and node hashes differ in their first byte, so an entry made of two hashes is not the node over them."""
        forged = tree.leaf_hash(mth(0, 1) + mth(1, 2))
        refused(check_inclusion, [], forged, 0, 1, mth(0, 2))


class TestConsistency:
    def test_every_proof_between_two_sizes_is_the_defined_one_and_holds_and_no_spoiled_one_does(self):
        for size in range(1, SIZES + 1):
            for old in range(1, size + 1):
                proof = consistency_proof(old, size, READER)
                assert subproof(old, 0, size, True) == proof
                check_consistency(proof, old, mth(0, old), size, mth(0, size))
                for at, one in enumerate(proof):
                    bad = [*proof[:at], bytes((one[0] ^ 8,)) + one[1:], *proof[at + 1 :]]
                    refused(check_consistency, bad, old, mth(0, old), size, mth(0, size))

    def test_every_hash_of_proofs_between_small_trees_is_needed_in_its_place(self):
        for size in range(1, 18):
            for old in range(1, size + 1):
                for bad in spoiled(subproof(old, 0, size, True)):
                    refused(check_consistency, bad, old, mth(0, old), size, mth(0, size))

    def test_a_proof_holds_for_no_other_size_or_root(self):
        for size in range(2, 34):
            for old in range(1, size):
                proof, before, after = subproof(old, 0, size, True), mth(0, old), mth(0, size)
                for other in {old - 1, old + 1, old ^ 2} - {old}:
                    refused(check_consistency, proof, other, before, size, after)
                refused(check_consistency, proof, old, after, size, before)
                refused(check_consistency, proof, old, mth(0, old - 1), size, after)
                refused(check_consistency, proof, old, before, size, mth(0, size + 1))

    def test_two_heads_of_one_size_are_one_head(self):
        check_consistency([], 5, mth(0, 5), 5, mth(0, 5))
        refused(check_consistency, [], 5, mth(0, 5), 5, mth(0, 6), match="forked")
        refused(check_consistency, [mth(0, 5)], 5, mth(0, 5), 5, mth(0, 5), match="too many")

    @pytest.mark.parametrize(("old", "size"), [(0, 0), (0, 8), (9, 8), (-1, 8), (1, 1 << 63)])
    def test_sizes_that_show_nothing_are_refused(self, old, size):
        refused(consistency_proof, old, size, READER, match="no such older tree")
        refused(check_consistency, [], old, mth(0, 1), size, mth(0, 1), match="no such older tree")


@given(st.lists(st.binary(min_size=32, max_size=32), min_size=1, max_size=600), st.data())
def test_any_tree_proves_any_leaf_and_any_older_size(leaves, data):
    reader = Subtrees(leaves)
    size = data.draw(st.integers(1, len(leaves)))
    index = data.draw(st.integers(0, size - 1))
    old = data.draw(st.integers(1, size))
    root = tree.root_at(size, reader)
    check_inclusion(inclusion_proof(index, size, reader), leaves[index], index, size, root)
    check_consistency(consistency_proof(old, size, reader), old, tree.root_at(old, reader), size, root)


@given(st.lists(st.binary(min_size=32, max_size=32), max_size=70), st.integers(-3, 70), st.integers(-3, 70))
def test_checking_any_hashes_ends_in_an_answer(proof, index, size):
    refused(check_inclusion, proof, bytes(32), index, size, b"\x01" * 32)
    refused(check_consistency, proof, index, bytes(32), size, b"\x01" * 32)
