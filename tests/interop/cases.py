"""
Receipts of this package as clients that are not ours take them apart, good ones and tampered ones. Every part that can be altered is altered once.

A case is one JSON object: `holds`, `what`, the `record`, `index` and `size`, `proof` and `root` (base64), the `checkpoint` as text, and the key that is
trusted: `name`, `id` (hex of 4 bytes), `public` (hex of 32 bytes).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scoring import canonical
from scoring.audit import checkpoint, note, receipt
from scoring.audit.checkpoint import Head
from scoring.audit.keys import SigningKey, VerificationKey, encode64
from scoring.audit.note import Note, Signature
from scoring.audit.tree import Subtrees, leaf_hash

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

SIGNER, OTHER = SigningKey("log.example/interop", bytes(32)), SigningKey("log.example/interop", b"\x01" * 32)
SIZES = (1, 2, 3, 4, 5, 7, 8, 9, 64, 100, 255, 256, 257)


def lines_of(size: int) -> list[bytes]:
    return [canonical.dumps({"body": {"text": "é" * (seq % 40)}, "seq": seq, "v": 1}) for seq in range(size)]


def cases() -> Iterator[dict[str, Any]]:
    for size in SIZES:
        lines = lines_of(size)
        reader = Subtrees(map(leaf_hash, lines))
        head = Head(SIGNER.name, size, reader.tree.root())
        signed = checkpoint.write(head, SIGNER)
        for index in sorted({0, 1, size // 2, size - 2, size - 1} & {*range(size)}):
            made = receipt.make(index, signed, reader)
            good = case(True, f"record {index} of {size}", lines[index], index, size, made.proof, head.root, signed)
            yield good
            yield from tampered(good, made.proof, head)


def case(
    holds: bool,
    what: str,
    record: bytes,
    index: int,
    size: int,
    proof: Any,
    root: bytes,
    signed: bytes,
    key: SigningKey = SIGNER,
) -> dict[str, Any]:
    trusted = VerificationKey.parse(key.verification_key)
    return {
        "holds": holds,
        "what": what,
        "record": encode64(record),
        "index": index,
        "size": size,
        "proof": [encode64(one) for one in proof],
        "root": encode64(root),
        "checkpoint": signed.decode(),
        "name": trusted.name,
        "id": f"{trusted.key_id:08x}",
        "public": trusted.public.hex(),
    }


def flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes((data[at] ^ 1,)) + data[at + 1 :]


def tampered(good: dict[str, Any], proof: tuple[bytes, ...], head: Head) -> Iterator[dict[str, Any]]:
    def bad(what: str, **parts: Any) -> dict[str, Any]:
        return {**good, **parts, "holds": False, "what": f"{good['what']}, {what}"}

    record = lines_of(good["index"] + 1)[-1]
    for at in {0, len(record) // 2, len(record) - 1}:
        yield bad(f"bit of byte {at} of the record", record=encode64(flipped(record, at)))
    yield bad("record cut", record=encode64(record[:-1]))
    yield bad("record longer", record=encode64(record + b" "))
    for index in {good["index"] - 1, good["index"] + 1, head.size} - {-1}:
        yield bad(f"index {index}", index=index)
    for at in range(len(proof)):
        yield bad(
            f"bit of hash {at}", proof=[encode64(flipped(one, 7) if n == at else one) for n, one in enumerate(proof)]
        )
        yield bad(f"hash {at} missing", proof=[encode64(one) for n, one in enumerate(proof) if n != at])
    for at in range(len(proof) - 1):
        swapped = [*proof[:at], proof[at + 1], proof[at], *proof[at + 2 :]]
        yield bad(f"hashes {at} and {at + 1} swapped", proof=[*map(encode64, swapped)])
    yield bad("a hash too many", proof=[*map(encode64, (*proof, bytes(32)))])
    yield from forged(good, head, bad)


def forged(good: dict[str, Any], head: Head, bad: Any) -> Iterator[dict[str, Any]]:
    signed = good["checkpoint"].encode()
    read = note.parse(signed)
    (seal,) = read.signatures
    other = Head(head.origin, head.size, flipped(head.root, 0))
    texts = {
        "another root under the old signature": other,
        "another size under the old signature": Head(head.origin, head.size + 1, head.root),
        "another origin under the old signature": Head("x.example", head.size, head.root),
    }
    for what, said in texts.items():
        data = note.write(Note(said.text, read.signatures))
        yield bad(what, checkpoint=data.decode(), size=said.size, root=encode64(said.root))
    yield bad("another root, signed", checkpoint=checkpoint.write(other, SIGNER).decode(), root=encode64(other.root))
    for at in (0, 31, 32, 63):
        data = note.write(Note(read.text, [Signature(seal.name, seal.key_id, flipped(seal.blob, at))]))
        yield bad(f"bit of byte {at} of the signature", checkpoint=data.decode())
    wrong = note.write(Note(read.text, [Signature(seal.name, seal.key_id ^ 1, seal.blob)]))
    yield bad("another key id", checkpoint=wrong.decode())
    yield bad("another key of the same name", checkpoint=checkpoint.write(head, OTHER).decode())
    yield bad("unsigned", checkpoint=head.text.decode())
    trusted = VerificationKey.parse(OTHER.verification_key)
    yield bad("to a client with another key", id=f"{trusted.key_id:08x}", public=trusted.public.hex())
