"""
Paths that commands are given, and what lies there.

Owns what is said about a path that is wrong: nothing there, a directory for a file, one kind of file for another. Must not know how a document is judged,
only how to tell the kinds apart.
"""

from __future__ import annotations

import os
from pathlib import Path

from scoring import canonical
from scoring.cli.output import CallError
from scoring.errors import StoreError, closest_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "ENTRIES",
    "EXAMPLES",
    "PACK",
    "RUBRIC",
    "STDIN",
    "TEXT",
    "UNKNOWN",
    "YAML",
    "existing_file",
    "fitting_in",
    "is_begun",
    "is_log",
    "kind_at",
    "kind_of",
    "log_at",
    "shown",
    "submissions_file",
    "vault_at",
    "vault_missing",
]

STDIN = "-"
VAULT = ".vault"  # what the vault's name adds to the log's
_HEAD = 65_536  # bytes looked at to tell what a file is
_LISTED = 6  # names told where a path is wrong

PACK = "a pack"
ENTRIES = "entries for a log"
SUBMISSION = "a submission"
YAML = "a rubric in YAML"
EXAMPLES = "a rubric's examples"
RUBRIC = "a rubric.yaml or a pack"
UNKNOWN = "some JSON"
TEXT = "text"
EMPTY = "empty"
SUBMISSIONS = "submissions in JSON, one a line"

# Told apart by the keys of the first JSON object in the file; the first row that fits wins.
_KINDS = (
    ("a log's records", {"body", "prev", "seq", "type"}),
    (ENTRIES, {"case", "decision", "submission"}),
    ("results of `scoring score`", {"action", "decision", "line"}),
    ("a decision", {"determined_by", "outcomes"}),
    (PACK, {"profiles", "rubric"}),
    (SUBMISSION, {"answers"}),
    ("a JSON schema", {"$schema"}),
)
_MAGIC = (
    (b"SQLite format 3\0", "a SQLite file, perhaps a log's vault"),
    (b"PK\x03\x04", "a compressed file"),
    (b"\x1f\x8b", "a compressed file"),
    (b"%PDF", "a PDF file"),
    (b"\xef\xbb\xbf", "text behind a byte order mark, which has to be saved as UTF-8 without one"),
    (b"\xff\xfe", "text in UTF-16, which has to be saved as UTF-8"),
    (b"\xfe\xff", "text in UTF-16, which has to be saved as UTF-8"),
)
_TOP_KEYS = ((b"rubric:", YAML), (b"examples:", EXAMPLES))


# --- paths ---


def existing_file(name: str, wanted: str, fits: Callable[[Path], bool] | None = None) -> Path:
    """
    Check that a path is a file that can be read.

    Args:
        name: The path.
        wanted: What is expected there, for messages.
        fits: Whether another file may be offered in its place; by default each may.

    Raises:
        CallError: It is not; the message names what is near.
    """
    path = Path(name)
    try:
        if path.is_dir():
            raise CallError(f"{name} is a directory; expected {wanted}{fitting_in(path)}")
        if not path.exists():
            raise CallError(f"{name}: no such file{_near(path, fits)}")
    except OSError as error:
        raise StoreError(f"{name} cannot be read: {error.strerror}") from error
    if not os.access(
        path, os.R_OK, effective_ids=os.access in os.supports_effective_ids
    ):  # not opened here: what a pipe says can be read only once
        raise StoreError(f"{name} cannot be read: no permission")
    return path


def existing_directory(name: str, wanted: str) -> Path:
    """
    Check that a path is a directory.

    Raises:
        CallError: It is not; the message names what is near.
    """
    path = Path(name)
    try:
        if path.is_dir():
            return path
        if path.exists():
            raise CallError(f"{name} is a file ({kind_of(_head(path))}); expected {wanted}{_log_near(path)}")
    except OSError as error:
        raise StoreError(f"{name} cannot be read: {error.strerror}") from error
    raise CallError(f"{name}: no such directory{_near(path, is_log)}")


def log_at(name: str, wanted: str = "a log's directory") -> Path:
    """
    Check that a path is a log's directory.

    Raises:
        CallError: It is not; the message names a log that is near.
    """
    path = existing_directory(name, wanted)
    if not is_log(path):
        why = "the directory log in it is one" if (path / "log").is_dir() else "there is no directory log in it"
        raise CallError(f"{name} is no log: {why}{_log_near(path)}")
    return path


def vault_at(log: str, vault: str | None) -> Path:
    """Where a log's vault lies: where the call says, or beside the log's directory, whatever that is called here (`decisions/.`)."""
    return Path(f"{os.path.abspath(log)}{VAULT}" if vault is None else vault)  # noqa: PTH100 - pathlib leaves `..` standing


def vault_missing(log: str, vault: str | None) -> str:
    """
    Tell where a log's vault was looked for in vain; empty where it lies there.

    Args:
        log: The log's directory.
        vault: Where the call says that the vault lies; None for beside the log.

    Raises:
        CallError: Something else lies there.
    """
    path = vault_at(log, vault)
    if path.is_dir():
        raise CallError(f"{path} is a directory; expected a log's vault")
    near = "" if vault is None else _near(path)
    return "" if path.exists() else f"the vault {path} is missing{near}"


def is_log(path: Path) -> bool:
    """Whether a directory looks like a log's."""
    from scoring.audit import place  # here, for most commands have no log

    try:
        return place.is_log(str(path))
    except OSError:  # nobody may look into it, so it is for whoever opens it to say so
        return True


def is_begun(path: Path) -> bool:
    """Whether a log holds anything yet: one that a full disk kept from being made is begun anew."""
    try:
        return any((path / "log").iterdir())
    except OSError:
        return False


def _near(path: Path, fits: Callable[[Path], bool] | None = None) -> str:
    """What stands where a path stops existing: the closest name, of those that fit where it is the last, or a few of them."""
    missing = path
    while not missing.parent.exists() and missing.parent != missing:
        missing = missing.parent
    names = _names(missing.parent)
    may_be_meant = [name for name in names if missing != path or fits is None or fits(missing.with_name(name))]
    hint = closest_file(missing.name, may_be_meant)
    beyond = "" if missing == path else f": there is no {missing}"
    if hint:
        return f'{beyond}; did you mean "{missing.with_name(hint)}"?'
    some = ", ".join(names[:_LISTED]) + (", ..." if len(names) > _LISTED else "")
    return f"{beyond}; {missing.parent} holds {some or 'nothing'}"


def fitting_in(path: Path) -> str:
    """What in a directory may have been meant, as the end of a message."""
    if is_log(path):
        return f"; it is a log, which `scoring verify {path}` checks"
    fitting = [name for name in _names(path) if name.endswith((".yaml", ".yml", ".pack.json", ".jsonl"))]
    fitting.sort(key=lambda name: name != "rubric.yaml")
    return f'; did you mean "{path / fitting[0]}"?' if fitting else ""


def _log_near(path: Path) -> str:
    around = [*path.parents] if path.is_file() else [path / name for name in _names(path)]
    beside = [path.with_suffix("")] if path.suffix == ".vault" else []
    for candidate in (*beside, *around):
        if is_log(candidate):
            return f'; did you mean "{candidate}"?'
    return ""


def _names(directory: Path) -> list[str]:
    try:
        return sorted(path.name for path in directory.iterdir() if not path.name.startswith("."))
    except OSError:
        return []


def shown(name: str) -> str:
    """The name of an input in messages."""
    return "<stdin>" if name == STDIN else name


# --- what a file is ---


def kind_of(data: bytes) -> str:
    """What a file is by its first bytes, in words."""
    head = data[:_HEAD]
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            return kind
    if not head.strip():
        return EMPTY
    if head.lstrip()[:1] in (b"{", b"["):
        return _json_kind(head)
    for key, kind in _TOP_KEYS:
        if head.startswith(key) or b"\n" + key in head:
            return kind
    return TEXT if b"\0" not in head else "binary data"


def _json_kind(head: bytes) -> str:
    first = head.lstrip().split(b"\n", 1)[0]
    for text in (head, first):
        try:
            value = canonical.loads(text)
        except canonical.CanonicalError:
            continue
        if type(value) is dict:
            for kind, keys in _KINDS:
                if keys <= value.keys():
                    return kind
        return UNKNOWN
    # Longer than what was looked at, or cut off: its keys tell.
    for kind, keys in _KINDS:
        if all(f'"{key}"'.encode() in head for key in keys):
            return kind
    return UNKNOWN


def kind_at(name: str, wanted: str) -> str | None:
    """
    What a file is by its first bytes, in words; None of a pipe, which can be read only once.

    Raises:
        CallError: There is no such file.
    """
    path = existing_file(name, wanted)
    return kind_of(_head(path)) if path.is_file() else None


def submissions_file(name: str) -> None:
    """
    Check that a path may hold submissions; one bad line among them is not its concern.

    Raises:
        CallError: It is something else.
    """
    path = existing_file(name, SUBMISSIONS)
    if not path.is_file():  # a pipe, which can be read only once
        return
    head = _head(path)
    kind = kind_of(head)
    if kind not in (SUBMISSION, UNKNOWN, EMPTY) and not (kind == TEXT and b"\n{" in head):
        raise CallError(f"{name} is {kind}; expected {SUBMISSIONS}")


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_HEAD)
    except OSError as error:
        raise StoreError(f"{path} cannot be read: {error.strerror}") from error
