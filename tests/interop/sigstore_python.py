"""
Checks receipts of this package with PyPI's sigstore alone: its checkpoint and Merkle inclusion checks, with our key as the log's. Imports nothing of ours.

    python sigstore_python.py < cases.jsonl     one line for each case: true where it is accepted
"""

from __future__ import annotations

import base64
import json
import sys
from types import SimpleNamespace

from sigstore._internal.merkle import verify_merkle_inclusion
from sigstore._internal.rekor.checkpoint import verify_checkpoint
from sigstore._internal.trust import Keyring, RekorKeyring
from sigstore.errors import VerificationError
from sigstore_models.common.v1 import PublicKey, PublicKeyDetails

DER = bytes.fromhex("302a300506032b6570032100")  # RFC 8410: what stands before an Ed25519 public key


def accepted(one):
    """Whether a receipt is accepted; a refusal is the client's own error, anything else is a bug of this program."""
    key = base64.b64encode(DER + bytes.fromhex(one["public"]))
    keyring = RekorKeyring(Keyring([PublicKey(raw_bytes=key, key_details=PublicKeyDetails.PKIX_ED25519)]))
    proof = SimpleNamespace(
        log_index=one["index"],
        tree_size=one["size"],
        hashes=[base64.b64decode(each) for each in one["proof"]],
        root_hash=base64.b64decode(one["root"]),
        checkpoint=SimpleNamespace(envelope=one["checkpoint"]),
    )
    inner = SimpleNamespace(
        inclusion_proof=proof,
        canonicalized_body=base64.b64decode(one["record"]),
        log_id=SimpleNamespace(key_id=bytes.fromhex(one["id"])),
    )
    entry = SimpleNamespace(_inner=inner)
    try:
        verify_checkpoint(keyring, entry)
        verify_merkle_inclusion(entry)
    except VerificationError:
        return False
    return True


for line in sys.stdin:
    print(json.dumps(accepted(json.loads(line))))
