"""
Every attack and every fault of a log that this project knows of: which vectors show it, and which tests where it is no file.

The vectors themselves are run by `test_vectors`, by both verifiers. This table holds that none is forgotten: of each attack there is a vector that fails, and
where nothing inside the log can show it, one that holds and one that fails against a head that was kept elsewhere.
"""

from __future__ import annotations

import ast
import json
from functools import cache
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
INDEX = json.loads((TESTS.parent / "audit/vectors/index.json").read_text(encoding="utf-8"))
SAYS = {entry["name"]: entry["says"] for entry in INDEX}
OUTSIDE = {entry["name"] for entry in INDEX if "trusted" in entry["call"]}

# What fails, and by its own means.
SHOWN = {
    "a byte of a record edited": "edit edit-last-under-head edit-last-but-one-under-head tiles-entry-edited export-edited",
    "records swapped": "swap",
    "a record dropped": "drop",
    "a record doubled": "duplicate",
    "a record inserted": "insert",
    "a record of another log put in": "splice",
    "everything rewritten and chained again, under its own heads": "rewrite-against-heads",
    "records cut off below the newest head": "truncate-below-head truncate-to-nothing head-beyond-the-log",
    "a leaf and a node taken for each other": "leaves-hashed-as-nodes receipt-node-as-leaf",
    "a JSON key twice": "spelling-duplicate-key",
    "NaN": "spelling-nan",
    "1.0": "spelling-fraction",
    "-0": "spelling-minus-zero",
    "a lone surrogate": "spelling-surrogate",
    "white space": "spelling-white-space",
    "an integer past 2^53": "spelling-big-integer",
    "two heads of one size": "two-heads-of-one-size",
    "a rubric swapped under the same id": "rubric-swapped",
    "a pack file swapped": "pack-swapped",
    "a pack file missing": "pack-missing pack-never-recorded",
    "an unsigned log to a verifier with a key": "unsigned-log-with-a-key unsigned-head-with-a-key trusted-unsigned",
    "an unsigned receipt, or unsigned tiles": "receipt-unsigned tiles-unsigned",
    "the same key name, another key": "other-key-of-the-same-name a-whole-log-by-another-key receipt-foreign key-recorded-and-never-used",
    "a wrong key id": "wrong-key-id key-with-a-wrong-id",
    "a signature altered or taken from elsewhere": "signature-flipped signature-of-another-head signature-with-a-large-s",
    "a key replaced without the old one's word": "rotation-by-the-new-key-alone rotation-by-the-old-key-alone old-key-after-rotation",
    "a proof with an extra hash": "receipt-extra-hash",
    "a proof that lacks a hash": "receipt-missing-hash",
    "a proof with swapped hashes": "receipt-swapped-hashes",
    "a proof with another hash": "receipt-other-hash export-receipt-other-hash",
    "an index beyond the size": "receipt-beyond export-receipt-beyond-the-log",
    "size 0": "receipt-size-0 head-of-nothing-wrong",
    "another record's receipt": "receipt-other-record receipt-other-index receipt-carries-another-record export-receipt-of-another-record",
    "a receipt under a head that the log does not have": "export-receipt-under-no-head export-tiles-under-no-head",
    "a head with an extension line": "head-with-an-extension",
    "tiles altered": "tiles-hash-edited export-tiles-entry-edited export-tiles-hash-edited",
    "tiles left out": "tiles-missing export-tiles-missing export-tiles-without-a-checkpoint",
    "a disclosure altered or made up": "export-disclosure-edited export-disclosure-cited-nowhere export-answer-cited-nowhere",
    "a disclosure of an erased case": "export-disclosure-erased",
    "an erased case under its old digest": "erased-case-comes-back",
    "a name twice in a ZIP": "export-name-twice",
    "a ZIP that can be read in two ways": "export-another-name-in-log export-another-name-in-receipts export-folder-in-log export-heads-beside-its-folder "
    "export-name-in-capitals export-names-with-dots",
    "an erased text that another case cites": "export-erased-and-cited-before export-erased-and-cited-again export-erased-answer-cited-again",
    "a receipt of another's key, without its record": "receipt-foreign-without-its-record",
}
# What nothing inside can show: it holds, and fails against a head that was kept elsewhere.
ONLY_OUTSIDE = {
    "everything rewritten, the heads gone": ("rewrite-not-shown", "rewrite-against-trusted"),
    "everything rewritten and signed by the key's owner": ("good-signed", "rewrite-signed-anew"),
    "records cut off above the newest head": ("truncate-above-head", "old-directory"),
    "an old directory put back": ("good-signed", "old-directory"),
    "a fork by two writers": ("good-behind-the-head", "fork"),
}
# What is a claim, and no attack: order is `seq`.
HOLDS = {
    "a clock that runs backwards, stands still, or says the year 9999": "good-clock-backwards good-clock-frozen good-clock-year-9999"
}
# What is no file of a log.
TESTED = {
    "the vault deleted": ("test_erasure.py", "test_a_lost_one"),
    "the vault of another log": ("test_erasure.py", "test_another_logs_vault_in_its_place"),
    "the vault restored after an erasure": (
        "test_erasure.py",
        "test_a_vault_that_was_put_back_is_found_out_and_erased_again",
    ),
    "erased text in any file of the vault": ("test_erasure.py", "test_nothing_that_the_case_disclosed_is_in_any_file"),
    "an old directory opened to write": ("test_heads.py", "test_a_trusted_head_must_be_extended"),
    "a consistency proof with an extra, missing or altered hash": (
        "test_tree.py",
        "test_every_proof_between_two_sizes_is_the_defined_one_and_holds_and_no_spoiled_one_does",
    ),
    "an inclusion proof with an extra, missing or altered hash": (
        "test_tree.py",
        "test_every_proof_of_every_tree_is_the_defined_one_and_holds_and_no_spoiled_one_does",
    ),
    "a ZIP that leads elsewhere or unpacks to far more": (
        "test_given.py",
        "test_what_no_export_is_fails_and_leaves_nothing_outside",
    ),
}


@pytest.mark.parametrize("attack", SHOWN)
def test_an_attack_has_vectors_that_fail(attack):
    """Each of them, and none for want of something to compare with."""
    for name in SHOWN[attack].split():
        assert SAYS[name]["status"] == 1, name


@pytest.mark.parametrize("attack", ONLY_OUTSIDE)
def test_what_only_a_head_elsewhere_shows_holds_without_it_and_fails_with_it(attack):
    """The one vector is given no head, the other is; and what fails there is the comparison alone."""
    without, against = ONLY_OUTSIDE[attack]
    assert SAYS[without]["status"] == 0
    assert without not in OUTSIDE
    assert against in OUTSIDE
    assert {check for check, _ in SAYS[against]["fails"]} == {"trusted"}


@pytest.mark.parametrize("claim", HOLDS)
def test_a_claim_is_no_failure(claim):
    assert {SAYS[name]["status"] for name in HOLDS[claim].split()} == {0}


@cache
def functions(module):
    tree = ast.parse((TESTS / module).read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("attack", TESTED)
def test_what_is_no_file_has_a_test(attack):
    module, name = TESTED[attack]
    assert name in functions(module)


def test_every_vector_that_fails_is_an_attack_of_this_table_or_a_broken_rule_of_order():
    """So that whoever adds a vector says what it is for: rules about which record may follow which are named as such."""
    listed = {name for names in SHOWN.values() for name in names.split()} | {
        name for pair in ONLY_OUTSIDE.values() for name in pair
    }
    order = (
        "opening",
        "resolution",
        "supersedes",
        "id-twice",
        "erased-",
        "withdra",
        "void",
        "key-twice",
        "genesis",
        "recovery",
        "erasure-",
    )
    forms = (
        "spelling-",
        "no-newline",
        "head",
        "unsigned-head-of",
        "key-not-recorded",
        "key-of-another",
        "receipt-index-spelled",
        "export-receipt-is-none",
    )
    also = ("export-disclosure-is-none", "export-disclosure-as-another-thing")
    failing = {name for name, says in SAYS.items() if says["status"] == 1}
    assert {name for name in failing - listed if not name.startswith((*order, *forms, *also))} == set()
