"""
Checks trees and proofs of this package with PyPI's pymerkle alone, which is GPL and so runs in a process of its own. Imports nothing of ours.

    python merkle.py < cases.jsonl     one line for each case: true where it is accepted

It reads no receipts. Of `receipt` cases it takes record, index, size, proof and root; of `root` and `grown` cases the records, whose tree it builds itself, and
one root or two. Signatures are not its concern.
"""

from __future__ import annotations

import base64
import json
import sys

from pymerkle import InclusionProof, InmemoryTree, InvalidProof, verify_consistency, verify_inclusion
from pymerkle.core import _inclusion_path_layout


def root(one):
    """Whether the tree over the records has the root."""
    tree = InmemoryTree(algorithm="sha256")
    for record in one["records"]:
        tree.append_entry(base64.b64decode(record))
    return tree.get_state(one["size"]) == base64.b64decode(one["root"])


def receipt(one):
    """Whether the proof leads from the record to the root; pymerkle counts leaves from 1 and puts the leaf first."""
    index, size = one["index"] + 1, one["size"]
    if not 0 < index <= size:
        return False
    leaf = InmemoryTree(algorithm="sha256").hash_buff(base64.b64decode(one["record"]))
    path = [leaf, *map(base64.b64decode, one["proof"])]
    rule, _ = _inclusion_path_layout(index, size)
    proof = InclusionProof("sha256", True, size, index, rule, path)
    try:
        verify_inclusion(leaf, base64.b64decode(one["root"]), proof, index=index, size=size)
    except InvalidProof:
        return False
    return True


def grown(one):
    """Whether the tree with the new root begins with the one with the old root, by pymerkle's own proof: its form of them is not RFC 6962's."""
    tree = InmemoryTree(algorithm="sha256")
    for record in one["records"]:
        tree.append_entry(base64.b64decode(record))
    proof = tree.prove_consistency(one["old"], one["size"])
    try:
        verify_consistency(base64.b64decode(one["old_root"]), base64.b64decode(one["root"]), proof)
    except InvalidProof:
        return False
    return True


CHECKS = {"root": root, "receipt": receipt, "grown": grown}
for line in sys.stdin:
    one = json.loads(line)
    print(json.dumps(CHECKS[one["kind"]](one)))
