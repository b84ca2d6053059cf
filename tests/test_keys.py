"""Keys of signed notes: Go's own example keys, everything that is nearly one, and what a signature is worth."""

from __future__ import annotations

import hashlib
import subprocess
import sys

import pytest

from scoring.audit.keys import SigningKey, VerificationKey, decode64, encode64, is_name
from scoring.errors import LogError, MissingExtraError

# golang.org/x/mod, sumdb/note: the package comment and note_test.go.
SIGNING = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
ENOCH = "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop"


class TestKnownAnswers:
    @pytest.mark.parametrize("text", [PETER, ENOCH])
    def test_a_verification_key_of_go_reads_and_writes_back(self, text):
        key = VerificationKey.parse(text)
        assert text == str(key)
        assert text.split("+")[:2] == [key.name, f"{key.key_id:08x}"]

    def test_a_signing_key_of_go_reads_writes_back_and_has_go_s_public_half(self):
        key = SigningKey.parse(SIGNING)
        assert (SIGNING, PETER, "PeterNeumann") == (key.encode(), key.verification_key, key.name)

    def test_signatures_are_those_of_rfc_8032(self):
        """RFC 8032, section 7.1, TEST 2."""
        key = SigningKey("rfc8032", bytes.fromhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"))
        public = VerificationKey.parse(key.verification_key)
        assert public.public.hex() == "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"
        assert key.sign(b"\x72").hex() == (
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
            "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
        )

    def test_a_key_id_is_what_the_format_says(self):
        """C2SP signed-note: key ID = SHA-256(key name || 0x0A || 0x01 || 32-byte Ed25519 public key)[:4]."""
        public = bytes(range(32))
        expected = hashlib.sha256("zürich.example/log".encode() + b"\n\x01" + public).hexdigest()[:8]
        assert expected == f"{VerificationKey('zürich.example/log', public).key_id:08x}"


class TestMangled:
    """As `TestNewVerifier` and `TestNewSigner` of Go's note_test.go: every part of a key, and every key with one character raised."""

    @pytest.mark.parametrize(("read", "text"), [(VerificationKey.parse, PETER), (SigningKey.parse, SIGNING)])
    def test_no_part_of_a_key_and_no_key_with_a_character_changed_is_a_key(self, read, text):
        parts = {text[i:j] for i in range(len(text)) for j in range(i, len(text) + 1)} - {text}
        raised = {text[:at] + chr(ord(one) + 1) + text[at + 1 :] for at, one in enumerate(text)}
        for bad in parts | raised:
            with pytest.raises(LogError) as caught:
                read(bad)
            assert text[-20:] not in str(caught.value), "a message never shows a key"

    @pytest.mark.parametrize(
        "bad",
        [
            "PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==",  # Go: wrong length, its own hash
            "PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",  # Go: unknown algorithm, its own hash
            PETER.replace("c74f20a3", "C74F20A3"),
            PETER.replace("c74f20a3", "00c74f20a3"),
            PETER + "\n",
            PETER + "=",
            " " + PETER,
            PETER.replace("PeterNeumann", "Peter Neumann"),
            PETER.replace("PeterNeumann", "Peter\u2003Neumann"),
            PETER.replace("PeterNeumann", "Peter\udcffNeumann"),
            PETER.replace("PeterNeumann", ""),
            ENOCH.replace("EnochRoot", "PeterNeumann"),
            "",
        ],
    )
    def test_what_is_nearly_a_verification_key_is_refused(self, bad):
        with pytest.raises(LogError):
            VerificationKey.parse(bad)

    @pytest.mark.parametrize("seed", [b"", bytes(31), bytes(33), bytes(64)])
    def test_a_signing_key_is_made_from_32_bytes_and_no_other_number(self, seed):
        with pytest.raises(LogError, match="32 bytes"):
            SigningKey("name", seed)

    @pytest.mark.parametrize("name", ["", "a b", "a+b", "a\nb", "a\u00a0b", "a\u0085b", "a\u3000b", "a\x1fb", "a\x00"])
    def test_names_that_would_break_a_signature_line_are_refused(self, name):
        assert not is_name(name)
        with pytest.raises(LogError):
            SigningKey(name, bytes(32))

    def test_a_name_is_judged_character_by_character_wherever_one_stands(self):
        """All of the basic plane, surrogates too, and the ends of the others: a name looked at whole is refused where one character of it would be."""
        for one in map(chr, [*range(0x10000), 0x10000, 0x1F600, 0xE0001, 0x10FFFF]):
            allowed = not (one.isspace() or one == "+" or one < " " or "\ud800" <= one <= "\udfff")
            assert [is_name(name) for name in (one, f"a{one}", f"{one}é", f"a{one}b")] == [allowed] * 4, ascii(one)


class TestAccepts:
    def test_a_signature_holds_for_its_text_and_key_alone(self):
        key, other = SigningKey("a", bytes(32)), SigningKey("a", bytes(31) + b"\x01")
        signature = key.sign(b"text\n")
        public = VerificationKey.parse(key.verification_key)
        assert public.accepts(b"text\n", signature)
        assert not public.accepts(b"text", signature)
        assert not VerificationKey.parse(other.verification_key).accepts(b"text\n", signature)
        for bad in (b"", signature[:-1], signature + b"\x00", bytes((signature[0] ^ 1,)) + signature[1:], bytes(64)):
            assert not public.accepts(b"text\n", bad)

    def test_a_signature_has_one_spelling(self):
        """RFC 8032, 5.1.7: S is below the group's order; the same signature with the order added to S is refused."""
        order = 2**252 + 27742317777372353535851937790883648493
        key = SigningKey("a", bytes(32))
        signature = key.sign(b"text\n")
        raised = signature[:32] + (int.from_bytes(signature[32:], "little") + order).to_bytes(32, "little")
        assert not VerificationKey.parse(key.verification_key).accepts(b"text\n", raised)


def test_a_secret_shows_itself_to_encode_alone():
    key = SigningKey.parse(SIGNING)
    assert repr(key) == str(key) == "SigningKey('PeterNeumann')"
    with pytest.raises(AttributeError):
        _ = key.__dict__


@pytest.mark.parametrize(
    "bad", ["", "A", "AA", "AA=", "AAA", "AB==", "AA==\n", " AA==", "AA-_", "AA==AA==", "ÄÄÄÄ", "AAAA===="]
)
def test_base64_in_another_spelling_than_its_own_is_refused(bad):
    with pytest.raises(LogError):
        decode64(bad)


def test_base64_reads_back():
    assert all(decode64(encode64(bytes(range(n)))) == bytes(range(n)) for n in range(1, 99))


def test_without_the_extra_the_error_names_the_command(monkeypatch):
    key = VerificationKey.parse(PETER)
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives.asymmetric", None)
    with pytest.raises(MissingExtraError, match=r"scoreproof\[sign\]"):
        key.accepts(b"text\n", bytes(64))
    with pytest.raises(MissingExtraError, match=r"scoreproof\[sign\]"):
        SigningKey("name", bytes(32))


def test_importing_the_modules_of_heads_imports_no_cryptography():
    code = "import sys, scoring.audit.receipt, scoring.audit.tiles; sys.exit('cryptography' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
