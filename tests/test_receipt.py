"""Receipts: the form of C2SP tlog-proof, and that one shows a record of one log and nothing else."""

from __future__ import annotations

import base64
from hashlib import sha256

import pytest

from scoring import canonical
from scoring.audit import checkpoint, receipt
from scoring.audit.checkpoint import Head
from scoring.audit.keys import SigningKey, VerificationKey
from scoring.audit.proof import inclusion_proof
from scoring.audit.receipt import Receipt
from scoring.audit.tree import Subtrees, leaf_hash
from scoring.errors import LogError

SIGNER, OTHER = SigningKey("log.example/a", bytes(32)), SigningKey("log.example/a", b"\x01" * 32)
KEY, OTHER_KEY = (VerificationKey.parse(one.verification_key) for one in (SIGNER, OTHER))
LINES = [canonical.dumps({"body": {}, "seq": seq, "v": 1}) for seq in range(11)]
READER = Subtrees(map(leaf_hash, LINES))
HEAD = Head("log.example/a", 11, READER.tree.root())
SIGNED, UNSIGNED = checkpoint.write(HEAD, SIGNER), checkpoint.write(HEAD)
GOOD = receipt.make(5, SIGNED, READER)
DATA = receipt.write(GOOD)

# C2SP tlog-proof.md, the example at its head; its signatures are abridged there, so the checkpoint is given one here.
EXAMPLE = b"""c2sp.org/tlog-proof@v1
extra YWdlLXYxLjIuMS1kYXJ3aW4tYXJtNjQudGFyLmd6kYXJ3aW4tYXJ
index 73894
gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ=
B95lDa8R83lS8n0eG+o0buTxRKQTYFi//1U8anccXmA=
EKNzoDWG8LGC0Yp9o+sv3qllpMP9uHQ9B20KNL+Q1zs=
RoopEkOdqkYqMB4MJXrbt/hMjOxsVn0IrWjpz1ZMMes=
AHCioX9nLjsrse6YhjRRmk1WUEirVOLLRoOQ6vfO5vk=

example.com/fancylog
109482
sFodV/vSp5O8n9a8QpW6PRY97tfOSW5bsc2Xl/EQi08=

"""
EXAMPLE_LINE = "— example.com/fancylog hI2DJwAA\n".encode()


def verify(read, line, keys=(KEY,), origin=None):
    return receipt.verify(read, line, keys, origin)


class TestKnownAnswers:
    def test_the_example_of_the_format_reads_and_writes_back(self):
        read = receipt.parse(EXAMPLE + EXAMPLE_LINE)
        assert (read.index, len(read.proof)) == (73894, 5)
        assert read.proof[0] == base64.b64decode("gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ=")
        assert read.extra.startswith(b"age-v1.2.1-darwin-arm64.tar.gz")
        assert checkpoint.parse(read.checkpoint).head.size == 109482
        assert EXAMPLE + EXAMPLE_LINE == receipt.write(read)

    @pytest.mark.parametrize(
        ("index", "proof", "extra", "expected"),
        [
            (5, [b"hash1", b"hash2"], b"", "c2sp.org/tlog-proof@v1\nindex 5\n{0}\n{1}\n\n"),
            (
                10,
                [b"hash1"],
                b"extra information",
                "c2sp.org/tlog-proof@v1\nextra ZXh0cmEgaW5mb3JtYXRpb24=\nindex 10\n{0}\n\n",
            ),
            (0, [], b"", "c2sp.org/tlog-proof@v1\nindex 0\n\n"),
        ],
    )
    def test_receipts_are_written_as_transparency_dev_writes_them(self, index, proof, extra, expected):
        """The rows of TestNewTLogProof in transparency-dev/merkle, proof/tlog_proof_test.go, under a checkpoint of ours."""
        hashes = [sha256(one).digest() for one in proof]
        head = expected.format(*(base64.b64encode(one).decode() for one in hashes)).encode()
        assert head + SIGNED == receipt.write(Receipt(index, hashes, SIGNED, extra))


MALFORMED = {
    "nothing": b"",
    "another first line": DATA.replace(b"@v1", b"@v2", 1),
    "no first line": DATA.split(b"\n", 1)[1],
    "no index": DATA.replace(b"index 5\n", b"", 1),
    "index in words": DATA.replace(b"index 5", b"index five", 1),
    "negative index": DATA.replace(b"index 5", b"index -5", 1),
    "index with a leading zero": DATA.replace(b"index 5", b"index 05", 1),
    "index beyond 63 bits": DATA.replace(b"index 5", b"index 9223372036854775808", 1),
    "index twice": DATA.replace(b"index 5", b"index 5\nindex 5", 1),
    "index without a number": DATA.replace(b"index 5", b"index ", 1),
    "index in capitals": DATA.replace(b"index 5", b"Index 5", 1),
    "extra after the index": DATA.replace(b"index 5", b"index 5\nextra AAAA", 1),
    "extra twice": DATA.replace(b"index 5", b"extra AAAA\nextra AAAA\nindex 5", 1),
    "extra that is no base64": DATA.replace(b"index 5", b"extra !!\nindex 5", 1),
    "empty extra": DATA.replace(b"index 5", b"extra \nindex 5", 1),
    "a hash that is no base64": DATA.replace(b"index 5", b"index 5\n!!notbase64!!", 1),
    "a hash of 64 bytes": DATA.replace(b"index 5", b"index 5\n" + base64.b64encode(bytes(64)), 1),
    "a hash of 31 bytes": DATA.replace(b"index 5", b"index 5\n" + base64.b64encode(bytes(31)), 1),
    "64 hashes": DATA.replace(b"index 5", b"index 5" + (b"\n" + base64.b64encode(bytes(32))) * 64, 1),
    "an empty line too early": DATA.replace(b"index 5\n", b"index 5\n\n", 1),
    "no empty line": DATA.replace(b"\n\nlog", b"\nlog", 1),
    "two empty lines": DATA.replace(b"\n\nlog", b"\n\n\nlog", 1),
    "no checkpoint": DATA.split(b"\n\n")[0] + b"\n\n",
    "a checkpoint cut off": DATA[:-1],
    "carriage returns": DATA.replace(b"\n", b"\r\n"),
    "more after the checkpoint": DATA + b"\n",
    "too long": DATA.replace(b"index 5", b"extra " + b"A" * 2_000_000 + b"\nindex 5", 1),
}


class TestForm:
    @pytest.mark.parametrize("data", MALFORMED.values(), ids=MALFORMED.keys())
    def test_what_is_nearly_a_receipt_is_refused(self, data):
        """The rows on encoding are those of TestVerifyTLogProofErrors in transparency-dev/merkle; the others the format's rules one by one."""
        assert data != DATA
        with pytest.raises(LogError):
            receipt.parse(data)

    @pytest.mark.parametrize(
        "made",
        [
            Receipt(-1, [], SIGNED),
            Receipt(0, [bytes(31)], SIGNED),
            Receipt(0, [bytes(32)] * 64, SIGNED),
            Receipt(0, [], SIGNED[:-1]),
            Receipt(0, [], SIGNED, b"x" * (receipt.MAX_EXTRA + 1)),
        ],
    )
    def test_no_receipt_is_written_that_would_not_be_read(self, made):
        with pytest.raises(LogError):
            receipt.write(made)

    def test_every_receipt_reads_back(self):
        for head in (SIGNED, UNSIGNED):
            for seq in range(11):
                made = receipt.make(seq, head, READER)
                assert receipt.parse(receipt.write(made)) == made


class TestVerify:
    def test_each_record_s_receipt_shows_that_record_and_no_other(self):
        for seq in range(11):
            made = receipt.parse(receipt.write(receipt.make(seq, SIGNED, READER)))
            assert verify(made, LINES[seq], origin="log.example/a").head == HEAD
            for other in range(11):
                if other != seq:
                    with pytest.raises(LogError, match="does not lead"):
                        verify(made, LINES[other])

    @pytest.mark.parametrize("line", [LINES[5] + b"\n", LINES[5][:-1], LINES[5].replace(b"v", b"w"), b""])
    def test_an_altered_record_is_refused(self, line):
        with pytest.raises(LogError, match="does not lead"):
            verify(GOOD, line)

    def test_a_receipt_altered_anywhere_is_refused(self):
        """Every byte, one bit each: it is no receipt, or it does not hold."""
        for at in range(len(DATA)):
            data = DATA[:at] + bytes((DATA[at] ^ 1,)) + DATA[at + 1 :]
            with pytest.raises(LogError):
                verify(receipt.parse(data), LINES[5])

    def test_a_hash_too_many_too_few_swapped_or_altered_is_refused(self):
        proof = GOOD.proof
        bad = [(*proof, bytes(32)), (bytes(32), *proof), proof[1:], proof[:-1], (proof[1], proof[0], *proof[2:])]
        for one in bad:
            with pytest.raises(LogError):
                verify(Receipt(5, one, SIGNED), LINES[5])

    @pytest.mark.parametrize("index", [4, 6, 7, 11, 2**62])
    def test_another_index_is_refused(self, index):
        with pytest.raises(LogError):
            verify(Receipt(index, GOOD.proof, SIGNED), LINES[5])

    def test_a_receipt_from_an_older_head_holds(self):
        old = Subtrees(map(leaf_hash, LINES[:6]))
        head = checkpoint.write(Head("log.example/a", 6, old.tree.root()), SIGNER)
        assert verify(receipt.make(5, head, READER), LINES[5]).head.size == 6

    def test_another_key_and_another_log_are_refused(self):
        with pytest.raises(LogError, match="not signed by any key"):
            verify(GOOD, LINES[5], [OTHER_KEY])
        with pytest.raises(LogError, match="another log"):
            verify(GOOD, LINES[5], origin="log.example/b")

    def test_an_unsigned_receipt_holds_without_a_key_alone(self):
        made = receipt.make(5, UNSIGNED, READER)
        assert verify(made, LINES[5], []).signed_by == ()
        with pytest.raises(LogError, match="unsigned"):
            verify(made, LINES[5])

    @pytest.mark.parametrize(
        ("line", "match"),
        [
            (b'{"seq":0,"seq":0}', "no record"),
            (b'{"seq": 0}', "no record"),
            (b"7", "another number"),
            (b'{"seq":1}', "another number"),
            (b'{"seq":false}', "another number"),
            (b'{"seq":"0"}', "another number"),
            (b"{}", "another number"),
        ],
    )
    def test_a_leaf_that_is_not_the_record_of_its_place_is_refused(self, line, match):
        """A log that holds such a line is no log, whatever its key signed."""
        reader = Subtrees([leaf_hash(line)])
        head = checkpoint.write(Head("log.example/a", 1, reader.tree.root()), SIGNER)
        with pytest.raises(LogError, match=match):
            verify(receipt.make(0, head, reader), line)

    @pytest.mark.parametrize("index", [11, 12, -1])
    def test_no_receipt_is_made_for_a_record_that_the_head_does_not_cover(self, index):
        with pytest.raises(LogError, match="no such record"):
            receipt.make(index, SIGNED, READER)

    def test_the_extra_of_a_receipt_vouches_for_nothing(self):
        made = receipt.parse(receipt.write(Receipt(5, inclusion_proof(5, 11, READER), SIGNED, b"anything")))
        assert made.extra == b"anything"
        assert verify(made, LINES[5]).head == HEAD
