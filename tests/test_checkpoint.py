"""Checkpoints: the example of the format, each of its rules broken once, and what an unsigned head is worth."""

from __future__ import annotations

import base64
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.audit import checkpoint
from scoring.audit.checkpoint import Head
from scoring.audit.keys import SigningKey, VerificationKey
from scoring.audit.tree import EMPTY_ROOT, MAX_SIZE
from scoring.errors import LogError, MissingExtraError

# C2SP tlog-checkpoint.md, the example at its head. The format gives no key for it.
EXAMPLE = """example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
""".encode()

SIGNER, OTHER = SigningKey("log.example/a", bytes(32)), SigningKey("log.example/a", b"\x01" * 32)
KEY, OTHER_KEY = (VerificationKey.parse(one.verification_key) for one in (SIGNER, OTHER))
HEAD = Head("log.example/a", 300, bytes(range(32)))
SIGNED, UNSIGNED = checkpoint.write(HEAD, SIGNER), checkpoint.write(HEAD)
ROOT64 = base64.b64encode(HEAD.root)


class TestKnownAnswers:
    def test_the_example_of_the_format_reads_and_writes_back(self):
        read = checkpoint.parse(EXAMPLE)
        root = base64.b64decode("CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=")
        assert read.head == Head("example.com/behind-the-sofa", 20852163, root)
        assert [(one.name, one.key_id) for one in read.signatures] == [("example.com/behind-the-sofa", 0x033DE0AE)]
        assert read.signed_by == ()
        assert EXAMPLE.startswith(read.head.text + b"\n")

    def test_the_tree_of_go_s_test_is_written_as_go_writes_it(self):
        """golang.org/x/mod, sumdb/tlog/note_test.go, TestFormatTree: the same three lines, as a checkpoint without signatures."""
        golden = b"go.sum database tree\n123456789012\nTszzRgjTG6xce+z2AG31kAXYKBgQVtCSCE40HmuwBb0=\n"
        head = Head("go.sum database tree", 123456789012, sha256(b"\x00hello world").digest())
        assert golden == checkpoint.write(head)
        assert checkpoint.parse(golden).head == head


BAD_TEXTS = {
    "two lines": b"a\n1\n",
    "no origin": b"\n1\n" + ROOT64 + b"\n",
    "no size": b"a\n\n" + ROOT64 + b"\n",
    "no root": b"a\n1\n\n",
    "leading zero": b"a\n01\n" + ROOT64 + b"\n",
    "two zeros": b"a\n00\n" + base64.b64encode(EMPTY_ROOT) + b"\n",
    "plus": b"a\n+1\n" + ROOT64 + b"\n",
    "negative": b"a\n-1\n" + ROOT64 + b"\n",
    "hexadecimal": b"a\n0x1\n" + ROOT64 + b"\n",
    "underscore": b"a\n1_0\n" + ROOT64 + b"\n",
    "space before the size": b"a\n 1\n" + ROOT64 + b"\n",
    "digits of another script": "a\n\u0661\n".encode() + ROOT64 + b"\n",
    "a superscript": "a\n\u00b2\n".encode() + ROOT64 + b"\n",
    "beyond 63 bits": b"a\n9223372036854775808\n" + ROOT64 + b"\n",
    "ten thousand digits": b"a\n" + b"9" * 10_000 + b"\n" + ROOT64 + b"\n",
    "root without padding": b"a\n1\n" + ROOT64[:-1] + b"\n",
    "root of 31 bytes": b"a\n1\n" + base64.b64encode(bytes(31)) + b"\n",
    "root of 33 bytes": b"a\n1\n" + base64.b64encode(bytes(33)) + b"\n",
    "root in hexadecimal": b"a\n1\n" + HEAD.root.hex().encode() + b"\n",
    "root with bits to spare": b"a\n1\n" + ROOT64[:-2] + b"9=\n",
    "an empty tree's root made up": b"a\n0\n" + ROOT64 + b"\n",
    "an empty tree's root of zeros, as Go's tlog has it": b"a\n0\n" + base64.b64encode(bytes(32)) + b"\n",
    "an extension line": b"a\n1\n" + ROOT64 + b"\nx\n",
    "an empty extension": b"a\n1\n" + ROOT64 + b"\nx\n\ny\n",
    "no line end": b"a\n1\n" + ROOT64,
    "carriage returns": b"a\r\n1\r\n" + ROOT64 + b"\r\n",
    "no UTF-8": b"\xff\n1\n" + ROOT64 + b"\n",
}


class TestForm:
    @pytest.mark.parametrize("text", BAD_TEXTS.values(), ids=BAD_TEXTS.keys())
    def test_what_is_nearly_a_head_is_refused_signed_or_not(self, text):
        with pytest.raises(LogError):
            checkpoint.parse(text)
        with pytest.raises(LogError):
            checkpoint.parse(text + SIGNED[len(HEAD.text) :])

    @pytest.mark.parametrize(
        "head",
        [
            Head("", 1, bytes(32)),
            Head("a\nb", 1, bytes(32)),
            Head("a\tb", 1, bytes(32)),
            Head("a", -1, bytes(32)),
            Head("a", MAX_SIZE + 1, bytes(32)),
            Head("a", 0, bytes(32)),
            Head("a", 1, bytes(31)),
        ],
    )
    def test_no_head_is_written_that_would_not_be_read(self, head):
        with pytest.raises(LogError):
            checkpoint.write(head)
        with pytest.raises(LogError):
            checkpoint.write(head, SIGNER)

    @given(
        st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1),
        st.integers(1, MAX_SIZE),
        st.binary(min_size=32, max_size=32),
        st.booleans(),
    )
    def test_any_head_reads_back(self, origin, size, root, signed):
        head = Head(origin, size, root)
        assert head == checkpoint.parse(checkpoint.write(head, *[SIGNER] * signed)).head

    def test_a_note_that_lost_its_blank_line_is_no_unsigned_head(self):
        """Its signature would pass for an extension line, which no head has."""
        with pytest.raises(LogError, match="no extension line"):
            checkpoint.parse(SIGNED.replace(b"\n\n", b"\n"))

    def test_the_head_of_an_empty_log_reads_back(self):
        head = Head("a", 0, EMPTY_ROOT)
        assert head == checkpoint.parse(checkpoint.write(head)).head


class TestVerify:
    def test_a_signed_head_holds_under_its_key_and_says_who_signed(self):
        read = checkpoint.verify(SIGNED, [OTHER_KEY, KEY], "log.example/a")
        assert (read.head, read.signed_by) == (HEAD, (KEY,))

    def test_an_unsigned_head_is_the_text_alone_and_is_refused_where_a_key_was_given(self):
        assert UNSIGNED == HEAD.text == SIGNED[: len(UNSIGNED)]
        assert checkpoint.verify(UNSIGNED, []).signed_by == ()
        with pytest.raises(LogError, match="unsigned"):
            checkpoint.verify(UNSIGNED, [KEY])

    def test_without_a_key_a_signed_head_is_read_and_nobody_is_said_to_have_signed(self):
        read = checkpoint.verify(SIGNED, [])
        assert (read.signed_by, len(read.signatures)) == ((), 1)

    def test_stripping_the_signature_or_part_of_the_block_is_refused(self):
        for cut in range(len(UNSIGNED), len(SIGNED)):
            with pytest.raises(LogError):
                checkpoint.verify(SIGNED[:cut], [KEY])

    def test_another_key_of_the_same_name_is_refused(self):
        with pytest.raises(LogError, match="not signed by any key"):
            checkpoint.verify(SIGNED, [OTHER_KEY])

    def test_a_wrong_key_id_is_refused(self):
        data = SIGNED.replace(base64.b64encode(KEY.key_id.to_bytes(4, "big"))[:4], b"AAAA")
        assert data != SIGNED
        with pytest.raises(LogError, match="not signed by any key"):
            checkpoint.verify(data, [KEY])

    @pytest.mark.parametrize(
        ("old", "new"),
        [(b"300", b"301"), (b"log.example/a\n", b"log.example/b\n"), (ROOT64, base64.b64encode(bytes(32)))],
    )
    def test_a_changed_line_is_refused(self, old, new):
        with pytest.raises(LogError, match="does not fit the text"):
            checkpoint.verify(SIGNED.replace(old, new, 1), [KEY])

    @pytest.mark.parametrize("data", [SIGNED, UNSIGNED])
    def test_a_head_of_another_log_is_refused(self, data):
        with pytest.raises(LogError, match="another log"):
            checkpoint.verify(data, [], "log.example/b")

    def test_in_a_change_of_keys_both_sign_one_head(self):
        data = checkpoint.write(HEAD, SIGNER, OTHER)
        assert checkpoint.verify(data, [KEY, OTHER_KEY]).signed_by == (KEY, OTHER_KEY)
        assert checkpoint.verify(data, [OTHER_KEY]).signed_by == (OTHER_KEY,)

    def test_without_the_extra_a_key_cannot_be_checked_and_no_key_needs_none(self, monkeypatch):
        monkeypatch.setitem(__import__("sys").modules, "cryptography.hazmat.primitives.asymmetric", None)
        assert checkpoint.verify(SIGNED, []).head == HEAD
        with pytest.raises(MissingExtraError):
            checkpoint.verify(SIGNED, [KEY])
