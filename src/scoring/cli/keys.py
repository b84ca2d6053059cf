"""
Keys at the command line: the command `keygen`, and how other commands are given one.

Owns how a key lies in a file: the one line in which Go's sumdb writes it, readable by its owner alone. Must not know what is signed.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from scoring import canonical
from scoring.audit import segments
from scoring.audit.chain import MAX_LINE
from scoring.audit.fields import is_origin, record_misfit
from scoring.audit.keys import SigningKey, VerificationKey, is_name
from scoring.audit.note import MAX_NOTE
from scoring.cli.output import HOLDS, CallError, complain, emit, new_file, say
from scoring.cli.paths import existing_file, log_at
from scoring.errors import LogError, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

__all__ = ["checkpoint_in", "keygen", "signers_of", "verification_key"]

_MAX_KEY = 4096  # bytes of a key's file; a name has at most 200 characters
_RECEIPT = b"c2sp.org/tlog-proof@"
_PRIVATE = "PRIVATE+KEY+"
_SHORT, _KEY_DATA = (
    range(6, 11),
    range(40, 49),
)  # characters of a key's hash, eight, and of its base64, 44, give or take what was mistyped


# --- keygen ---


def keygen(file: str, /, *, name: str | None = None, log: str | None = None, json: bool = False) -> int:
    """
    Make the key that signs a log's heads, and print the verification key that goes with it, to be given to whoever checks.

    Commands that record take the file with --key; `scoring verify` takes what is printed here. Whoever has the file can sign as the log's owner, and nobody can
    make it again once it is lost: keep a copy apart from the log. It needs the extra `sign`: pip install "scoreproof[cli,sign]".

    Args:
        file: Where to: a new file, which its owner alone may read.
        name: What the log is or will be called, such as example.com/hiring: 1 to 200 printable ASCII characters without space or +; a new one otherwise.
        log: The log that it is for, whose name the key takes.
        json: One JSON object, for machines.
    """
    if name is not None and log is not None:
        raise CallError("--name and --log both say what the key is called: give one of them")
    called = name or (_named_for(log) if log is not None else f"scoreproof-log-{os.urandom(16).hex()}")
    if not (is_name(called) and is_origin(called)):
        what = "--name" if log is None else f"the name of the log {log}"
        raise CallError(f"{what} is 1 to 200 printable ASCII characters without space or +, for a key to have it")
    key = SigningKey(called, os.urandom(32))
    _write_new(file, key.encode() + "\n")
    if json:
        emit({"file": file, "name": called, "verification_key": key.verification_key})
        return HOLDS
    say(key.verification_key)
    complain(f"{file} signs, and is to be kept secret; the line above checks: give it to whoever verifies the log")
    return HOLDS


def _named_for(log: str) -> str:
    try:
        return _origin_of(log)
    except CallError as error:
        raise CallError(
            f"{error}; for a log that is still to be made leave out --log, or choose its name with --name"
        ) from None


def _write_new(file: str, text: str) -> None:
    """Write a file that was not there, durably: a key that signed something and is lost then is worse than none."""
    stream = new_file(file)
    try:
        with stream:
            stream.write(text.encode())
            stream.flush()
            os.fsync(stream.fileno())
    except OSError as error:
        raise StoreError(f"{file} cannot be written: {error.strerror}") from error


def _origin_of(log: str) -> str:
    """What a log is called, by its first record; the log is not opened."""
    file = log_at(log) / "log" / segments.segment_name(0)
    try:
        with file.open("rb") as stream:
            line = stream.readline(MAX_LINE + 1)
        record: Any = canonical.loads_canonical(line.removesuffix(b"\n"))
    except OSError as error:
        raise StoreError(f"{file} cannot be read: {error.strerror}") from error
    except canonical.CanonicalError as error:
        raise LogError(f"{file} does not begin with a record: {error}") from None
    if record_misfit(record) or record["type"] != "genesis":
        raise LogError(f"{file} does not begin with the record that names the log")
    return str(record["body"]["origin"])


# --- what other commands are given ---


def signers_of(files: Sequence[str], log: str | None) -> list[SigningKey]:
    """
    Read the signing keys that a command is given.

    Args:
        files: The old one and the new one, or the one there is; or none.
        log: The log that they are for, where it exists: they must bear its name.

    Raises:
        CallError: A file is none, or its key is of another name than the log.
        MissingExtraError: The extra `sign` is not installed.
    """
    keys = [_signing_key(file) for file in files]
    origin = _origin_of(log) if keys and log is not None else None
    for file, key in zip(files, keys, strict=True):
        if origin is not None and key.name != origin:
            raise CallError(f"{file} holds the key of {key.name}, and {log} is called {origin}: {_key_of(str(log))}")
    return keys


def _key_of(log: str) -> str:
    """What to give for a log that another's key was given for: the key that it has; or how one is made, where it has none."""
    key = _newest_key(Path(log) / "log")
    return f"give with --key the file of {key}" if key else f"`scoring keygen FILE --log {log}` makes one of that name"


def _newest_key(segments: Path) -> str:
    """The newest key that a log's records name, or the empty string; the log is not opened, which might mend it."""
    key = ""
    for file in sorted(segments.glob("*.jsonl")):
        try:
            with file.open("rb") as stream:
                while line := stream.readline(MAX_LINE + 1):
                    key = _key_in(line) or key
        except OSError as error:
            raise StoreError(f"{file} cannot be read: {error.strerror}") from error
    return key


def _key_in(line: bytes) -> str:
    if b'"type":"key"' not in line:
        return ""
    try:
        record: Any = canonical.loads_canonical(line.removesuffix(b"\n"))
    except canonical.CanonicalError:
        return ""
    return "" if record_misfit(record) or record["type"] != "key" else str(record["body"]["key"])


def _signing_key(file: str) -> SigningKey:
    text = _line_in(file, "a signing key, as `scoring keygen` writes it", _may_sign)
    if not text.startswith(_PRIVATE) and _is_verification_key(text):
        raise CallError(
            f"{file} holds a verification key, which cannot sign; expected the file that `scoring keygen` wrote"
        )
    try:
        return SigningKey.parse(text)
    except LogError as error:
        raise CallError(f"{file}: {error}") from None


def verification_key(given: str) -> str:
    """
    Read the verification key that a command is given: itself, or a file that holds it.

    Raises:
        CallError: It is none; or it is the secret one.
    """
    if _looks_like_a_key(given):
        raise CallError(
            f"{given} looks like a verification key, but does not fit its own hash: a character is wrong or missing; copy it anew from whoever gave it out"
        )
    text = given if _is_verification_key(given) else _line_in(given, "a verification key, or a file that holds one")
    if text.startswith(_PRIVATE):
        public = _signing_key(given).verification_key
        raise CallError(
            f"{given} holds the key that signs, which whoever verifies must not have; the key that checks is {public}"
        )
    try:
        return str(VerificationKey.parse(text))
    except LogError as error:
        raise CallError(f"{given}: {error}") from None


def _looks_like_a_key(text: str) -> bool:
    """Whether this is a verification key but for some of its characters, and no file: a name, eight hexadecimal digits, base64."""
    name, short, data = [*text.split("+", 2), "", ""][:3]
    shaped = bool(name) and len(short) in _SHORT and len(data) in _KEY_DATA and not text.startswith(_PRIVATE)
    return shaped and not _is_verification_key(text) and not os.path.exists(text)  # noqa: PTH110 - a key's text is no path


def _is_verification_key(text: str) -> bool:
    try:
        VerificationKey.parse(text)
    except LogError:
        return False
    return True


def checkpoint_in(file: str) -> bytes:
    """
    Read a checkpoint that was kept elsewhere.

    Raises:
        CallError: There is no such file, or it is none.
    """
    from scoring.audit.checkpoint import parse

    data = _bytes_in(file, "a checkpoint, as `scoring receipt` writes it", MAX_NOTE)
    try:
        parse(data)
    except LogError as error:
        what = "a receipt" if data.startswith(_RECEIPT) else "a key" if _is_key(data) else ""
        if what:
            message = f"{file} is {what}; expected a checkpoint, as `scoring receipt LOG` without a record writes it"
            raise CallError(message) from None
        raise CallError(f"{file}: {error}") from None
    return data


def _is_key(data: bytes) -> bool:
    text = data.decode("ascii", "replace").strip()
    return text.startswith(_PRIVATE) or _is_verification_key(text)


def _may_sign(path: Path) -> bool:
    """Whether a file begins as a signing key does."""
    try:
        with path.open("rb") as stream:
            return path.is_file() and stream.read(len(_PRIVATE)) == _PRIVATE.encode()
    except OSError:
        return False


def _line_in(file: str, wanted: str, fits: Callable[[Path], bool] | None = None) -> str:
    data = _bytes_in(file, wanted, _MAX_KEY, fits)
    if not data.strip():
        raise CallError(f"{file} is empty; expected {wanted}: the command that was to write it may have failed")
    try:
        return data.decode("ascii").strip()
    except UnicodeDecodeError:
        raise CallError(f"{file} holds no key; expected {wanted}") from None


def _bytes_in(file: str, wanted: str, most: int, fits: Callable[[Path], bool] | None = None) -> bytes:
    path: Path = existing_file(file, wanted, fits)
    try:
        with path.open("rb") as stream:
            data = stream.read(most + 1)
    except OSError as error:
        raise StoreError(f"{file} cannot be read: {error.strerror}") from error
    if len(data) > most:
        raise CallError(f"{file} is longer than {most:,} bytes; expected {wanted}")
    return data
