"""Signed notes: the examples of the format and of Go, and a table of everything that is nearly one."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.audit import note
from scoring.audit.keys import SigningKey, VerificationKey, encode64
from scoring.audit.note import Note, Signature
from scoring.errors import LogError
from test_keys import ENOCH, PETER, SIGNING

# golang.org/x/mod, sumdb/note: the package comment and note_test.go.
TEXT = b"If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
DASH = "\N{EM DASH} ".encode()
PETER_LINE = (
    DASH
    + b"PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
ENOCH_LINE = (
    DASH + b"EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n"
)
SIGNED = TEXT + b"\n" + PETER_LINE

# C2SP signed-note.md, the example at its head. The format gives no key for it.
POEM = """Ognuno sta solo sul cuor della terra
trafitto da un raggio di sole:

ed è subito sera.

— quasimodo.example/salvatore NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=
""".encode()

PETER_KEY, ENOCH_KEY = VerificationKey.parse(PETER), VerificationKey.parse(ENOCH)


def line(name, blob=b"\x00" * 5):
    return DASH + name + b" " + encode64(blob).encode() + b"\n"


class TestKnownAnswers:
    def test_go_s_key_makes_go_s_note_byte_for_byte(self):
        assert SIGNED == note.write(note.sign(Note(TEXT), SigningKey.parse(SIGNING)))

    def test_go_s_note_is_accepted_by_its_key(self):
        assert note.verify(note.parse(SIGNED), [PETER_KEY]) == (PETER_KEY,)

    def test_go_s_note_of_two_signatures(self):
        both = note.parse(SIGNED + ENOCH_LINE)
        assert note.verify(both, [ENOCH_KEY, PETER_KEY]) == (PETER_KEY, ENOCH_KEY)
        assert note.verify(both, [ENOCH_KEY]) == (ENOCH_KEY,)
        assert SIGNED + ENOCH_LINE == note.write(both)

    def test_the_format_s_example_has_an_empty_line_in_its_text(self):
        read = note.parse(POEM)
        assert read.text.endswith("sole:\n\ned è subito sera.\n".encode())
        assert [(one.name, one.key_id, len(one.blob)) for one in read.signatures] == [
            ("quasimodo.example/salvatore", 0x367BA04B, 64)
        ]
        assert POEM == note.write(read)


MALFORMED = {
    "no signature block": TEXT,
    "blank line, no signature": TEXT + b"\n",
    "no line end": SIGNED[:-1],
    "control character in the text": b"\x01" + SIGNED,
    "tab in the text": SIGNED.replace(b"If you", b"If\tyou"),
    "carriage returns": SIGNED.replace(b"\n", b"\r\n"),
    "null": SIGNED.replace(b"If you", b"If\x00you"),
    "no UTF-8": b"\xff" + SIGNED,
    "a surrogate": b"\xed\xa0\x80" + SIGNED,
    "an overlong zero": b"\xc0\x80" + SIGNED,
    "a space in the key name": TEXT + b"\n" + line(b"Bad Name"),
    "a plus in the key name": TEXT + b"\n" + line(b"a+b"),
    "a no-break space in the key name": TEXT + b"\n" + line("a\u00a0b".encode()),
    "an ideographic space in the key name": TEXT + b"\n" + line("a\u3000b".encode()),
    "no key name": TEXT + b"\n" + line(b""),
    "a line after the signatures": SIGNED + b"Unexpected line.\n",
    "a blank line after the signatures": SIGNED + b"\n",
    "a blank line between signatures": TEXT + b"\n" + PETER_LINE + b"\nx\n" + ENOCH_LINE,
    "a hyphen for the dash": SIGNED.replace(DASH, b"- "),
    "an en dash": SIGNED.replace(DASH, "\N{EN DASH} ".encode()),
    "no space after the dash": SIGNED.replace(DASH, DASH[:-1]),
    "two spaces before the base64": SIGNED.replace(b"Neumann ", b"Neumann  "),
    "white space after the base64": SIGNED[:-1] + b" \n",
    "no base64": TEXT + b"\n" + DASH + b"name\n",
    "empty base64": TEXT + b"\n" + DASH + b"name \n",
    "base64 without padding": SIGNED.replace(b"AM=\n", b"AM\n"),
    "base64 with bits to spare": SIGNED.replace(b"AM=\n", b"AN=\n"),
    "base64 of the other alphabet": SIGNED.replace(b"/", b"_"),
    "a key id alone": TEXT + b"\n" + line(b"name", b"\x00" * 4),
    "a key id cut short": TEXT + b"\n" + line(b"name", b"\x00" * 3),
    "101 signatures": TEXT + b"\n" + PETER_LINE * 101,
    "too long": b"a" * note.MAX_NOTE + SIGNED,
    "too long together": b"a" * (note.MAX_NOTE // 2) + b"\n\n" + line(b"name", b"\x00" * (note.MAX_NOTE // 2)),
    "nothing": b"",
    "line ends alone": b"\n\n\n",
    "signatures alone": PETER_LINE,
    "a blank line and signatures": b"\n" + PETER_LINE,
}


class TestForm:
    @pytest.mark.parametrize("data", MALFORMED.values(), ids=MALFORMED.keys())
    def test_what_is_nearly_a_note_is_refused(self, data):
        """The first rows are `badMsgs` of Go's TestOpen; the others are the format's rules one by one."""
        with pytest.raises(LogError):
            note.parse(data)

    def test_every_character_but_those_below_a_space_may_stand_in_a_text(self):
        """All of the basic plane, surrogates too: of the control characters below U+0020 the line end alone is allowed."""
        for one in map(chr, range(0x10000)):
            text = f"é{one}Ω\n".encode(errors="surrogatepass")
            if one < " " and one != "\n":
                with pytest.raises(LogError, match="control character"):
                    note.check_text(text)
            elif "\ud800" <= one <= "\udfff":
                with pytest.raises(LogError, match="UTF-8"):
                    note.check_text(text)
            else:
                assert note.check_text(text) == text.decode()

    def test_a_hundred_signatures_are_read(self):
        """The format: at least 16 must be accepted."""
        assert len(note.parse(TEXT + b"\n" + PETER_LINE * 100).signatures) == 100

    def test_signatures_of_any_type_and_length_are_read(self):
        """C2SP signed-note: post-quantum signatures are up to nearly 5 kB."""
        read = note.parse(TEXT + b"\n" + line("münchen.example/Ω".encode(), b"\xff" * 5_000))
        assert read.signatures == (Signature("münchen.example/Ω", 0xFFFFFFFF, b"\xff" * 4_996),)

    @pytest.mark.parametrize(
        "made",
        [
            Note(TEXT),
            Note(TEXT[:-1], [Signature("a", 1, b"x")]),
            Note(b"", [Signature("a", 1, b"x")]),
            Note(b"a\x07\n", [Signature("a", 1, b"x")]),
            Note(TEXT, [Signature("a b", 1, b"x")]),
            Note(TEXT, [Signature("a\nb", 1, b"x")]),
            Note(TEXT, [Signature("a AAAAAAA=\n\N{EM DASH} b", 1, b"x")]),
            Note(TEXT + b"\n" + PETER_LINE[:-1], [Signature("a", 1, b"x")]),
            Note(TEXT, [Signature("a", 1, b"")]),
            Note(TEXT, [Signature("a", 1, b"x")] * 101),
        ],
    )
    def test_no_note_is_written_that_would_not_be_read(self, made):
        with pytest.raises(LogError):
            note.write(made)

    @given(
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters=[chr(n) for n in range(32) if n != 10])),
        st.lists(st.tuples(st.integers(0, 2**32 - 1), st.binary(min_size=1, max_size=80)), min_size=1, max_size=5),
    )
    def test_any_text_and_signatures_read_back(self, text, blobs):
        made = Note(text.encode() + b"\n", [Signature("name", key_id, blob) for key_id, blob in blobs])
        assert made == note.parse(note.write(made))

    @given(st.lists(st.sampled_from([TEXT, PETER_LINE, DASH, b"\n", b"a ", b"AAAAAAA=", b"\xe2", b"\x00"]), max_size=8))
    def test_whatever_is_read_as_a_note_is_written_with_the_same_bytes(self, parts):
        data = b"".join(parts)
        with suppress(LogError):
            assert note.write(note.parse(data)) == data


class TestVerify:
    def test_signatures_of_unknown_keys_are_ignored_under_the_same_name_or_id_too(self):
        """C2SP signed-note: "even if they share a name or ID (but not both) with a known key"."""
        same_name = line(b"PeterNeumann", b"\x00\x00\x00\x01" + bytes(64))
        same_id = line(b"CarmenSandiego", PETER_KEY.key_id.to_bytes(4, "big") + bytes(64))
        data = TEXT + b"\n" + same_name + same_id + ENOCH_LINE + PETER_LINE
        assert note.verify(note.parse(data), [PETER_KEY]) == (PETER_KEY,)

    @pytest.mark.parametrize("keys", [[], [ENOCH_KEY], [VerificationKey("PeterNeumann", ENOCH_KEY.public)]])
    def test_a_note_that_no_given_key_signed_is_refused(self, keys):
        """The last row: same name, other key."""
        with pytest.raises(LogError, match="not signed by any key"):
            note.verify(note.parse(SIGNED), keys)

    def test_a_known_key_with_a_wrong_signature_fails_the_note_though_others_hold(self):
        wrong = line(b"EnochRoot", ENOCH_KEY.key_id.to_bytes(4, "big") + bytes(64))
        for block in (PETER_LINE + wrong, wrong + PETER_LINE, ENOCH_LINE + wrong, wrong + ENOCH_LINE):
            with pytest.raises(LogError, match="EnochRoot"):
                note.verify(note.parse(TEXT + b"\n" + block), [PETER_KEY, ENOCH_KEY])

    @pytest.mark.parametrize("text", [b"another text\n", TEXT[:-1] + b" \n", b"\n" + TEXT, TEXT + b"\n"])
    def test_a_signature_of_another_text_fails(self, text):
        with pytest.raises(LogError, match="does not fit the text"):
            note.verify(note.parse(text + b"\n" + PETER_LINE), [PETER_KEY])

    def test_every_bit_of_a_signature_counts(self):
        good = note.parse(SIGNED).signatures[0]
        for bit in range(512):
            blob = bytearray(good.blob)
            blob[bit // 8] ^= 1 << bit % 8
            with pytest.raises(LogError, match="does not fit the text"):
                note.verify(Note(TEXT, [Signature(good.name, good.key_id, bytes(blob))]), [PETER_KEY])

    def test_the_same_key_given_twice_is_one_key_and_its_signature_twice_is_one_signature(self):
        assert note.verify(note.parse(SIGNED + PETER_LINE), [PETER_KEY, PETER_KEY]) == (PETER_KEY,)

    def test_two_keys_of_one_name_and_id_are_refused(self, monkeypatch):
        """Go calls this an ambiguous key. A real collision takes four billion tries, so the ids are made the same here."""
        monkeypatch.setattr(VerificationKey, "key_id", 7)
        with pytest.raises(LogError, match="two of the keys"):
            note.verify(note.parse(SIGNED), [VerificationKey("a", bytes(32)), VerificationKey("a", b"\x01" * 32)])


WRONG = line(b"PeterNeumann", PETER_KEY.key_id.to_bytes(4, "big") + bytes(64))
SHORT = line(b"PeterNeumann", PETER_KEY.key_id.to_bytes(4, "big") + b"x")
OTHER_ID = line(b"PeterNeumann", b"\x00\x00\x00\x01" + bytes(64))
SIGNERS = {  # signature lines, and who is found to have signed
    PETER_LINE: [PETER],
    ENOCH_LINE: [ENOCH],
    PETER_LINE + ENOCH_LINE: [PETER, ENOCH],
    PETER_LINE + PETER_LINE: [PETER],
    PETER_LINE + WRONG: [],
    WRONG + PETER_LINE: [],
    WRONG + ENOCH_LINE: [ENOCH],
    SHORT: [],
    OTHER_ID: [],
    OTHER_ID + PETER_LINE: [PETER],
    line(b"CarmenSandiego", bytes(68)): [],
}


class TestHolding:
    """Many notes at once: what `verify` finds of each with one key."""

    def test_each_is_found_to_be_signed_by_whoever_signed_it_and_by_nobody_else(self):
        notes = {TEXT + b"\n" + block: keys for block, keys in SIGNERS.items()}
        notes |= {b"another " + data: [] for data in notes}
        assert note.holding(notes, [PETER, ENOCH, PETER]) == {(data, key) for data in notes for key in notes[data]}

    @pytest.mark.parametrize("key", [PETER, ENOCH])
    @pytest.mark.parametrize("block", SIGNERS)
    def test_as_it_is_found_by_itself(self, block, key):
        try:
            note.verify(note.parse(TEXT + b"\n" + block), [VerificationKey.parse(key)])
        except LogError:
            assert not note.holding([TEXT + b"\n" + block], [key])
        else:
            assert note.holding([TEXT + b"\n" + block], [key])

    def test_what_is_no_note_or_no_key_is_refused(self):
        with pytest.raises(LogError):
            note.holding([SIGNED, TEXT], [PETER])
        with pytest.raises(LogError):
            note.holding([SIGNED], [PETER, PETER[:-1]])


class TestSign:
    def test_signatures_are_added_behind_the_others_and_an_older_one_of_the_same_key_is_replaced(self):
        """As Go's TestSign: a bad signature of the same key gives way."""
        bad = Signature("PeterNeumann", PETER_KEY.key_id, b"bad")
        enoch = note.parse(TEXT + b"\n" + ENOCH_LINE).signatures
        signed = note.sign(Note(TEXT, [bad, *enoch]), SigningKey.parse(SIGNING))
        assert TEXT + b"\n" + ENOCH_LINE + PETER_LINE == note.write(signed)

    def test_two_keys_of_one_name_sign_side_by_side(self):
        old, new = SigningKey("log.example", bytes(32)), SigningKey("log.example", b"\x01" * 32)
        signed = note.parse(note.write(note.sign(Note(TEXT), old, new)))
        keys = [VerificationKey.parse(one.verification_key) for one in (old, new)]
        assert note.verify(signed, keys) == tuple(keys)
        assert note.verify(signed, keys[1:]) == (keys[1],)

    @pytest.mark.parametrize("text", [b"", b"abc", b"a\x01\n", b"\xff\n"])
    def test_a_text_that_may_not_be_signed_never_reaches_the_signer(self, text):
        class Watched(SigningKey):
            def sign(self, message):
                pytest.fail(f"asked to sign {message!r}")

        with pytest.raises(LogError):
            note.sign(Note(text), Watched("name", bytes(32)))

    def test_a_signer_that_answers_with_another_key_s_signature_makes_no_note(self):
        class Confused(SigningKey):
            @property
            def verification_key(self):
                return PETER

        class Renamed(SigningKey):
            @property
            def name(self):
                return "other"

        for signer in (Confused("PeterNeumann", bytes(32)), Renamed("name", bytes(32))):
            with pytest.raises(LogError, match="its own verification key refuses"):
                note.sign(Note(TEXT), signer)
