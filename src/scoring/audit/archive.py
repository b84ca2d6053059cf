"""
An export that came as one file, laid out in a directory of its own.

Owns what a ZIP from a stranger may do: which names are taken, how long each file and all of them together may be, and that nothing is written but under the
directory that was given. Must not know what the files say.
"""

from __future__ import annotations

import zlib
from errno import EINVAL
from pathlib import PurePosixPath
from typing import TYPE_CHECKING
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile

from scoring.audit.chain import MAX_LINE
from scoring.audit.export import PROGRAMS
from scoring.audit.segments import SEGMENT_RECORDS
from scoring.errors import LogError, StoreError

if TYPE_CHECKING:
    from pathlib import Path
    from typing import BinaryIO
    from zipfile import ZipInfo

__all__ = ["unpack"]

_MIB = 1 << 20
_FOLDERS = {  # what the files in each may be called, and how long each may be in bytes
    "cases": (".txt", 256 * _MIB),
    "disclosures": (".txt", 4 * _MIB),
    "log": (".jsonl", SEGMENT_RECORDS * (MAX_LINE + 1)),
    "packs": (".json", 4 * _MIB + 1),
    "receipts": (".tlog-proof", 2 * _MIB),
    "tiles": ("", 256 * 65_537),
}
_WHOLE = ("disclosures", "log", "receipts")  # of which nothing is left out
_FILES = {"heads": 1024 * _MIB, **dict.fromkeys(("README.txt", *PROGRAMS), 4 * _MIB)}
_MAX_FILES = 250_000  # tiles of a log of two million records are 16,000
_MAX_DIRECTORY = 64 * _MIB  # bytes of the table of contents, which is read as a whole
_MAX_RATIO = 100  # how many times longer than the archive all files together may be; JSON of digests shrinks to a third
_MAX_NAME = 200
_NAME = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-")
_CHUNK = _MIB
_ENCRYPTED = 0x1
_END, _END_BYTES = b"PK\x05\x06", 22
_LOCATOR, _LOCATOR_BYTES = b"PK\x06\x07", 20
_LARGE, _LARGE_BYTES = b"PK\x06\x06", 56


def unpack(archive: Path, target: Path) -> int:
    """
    Write what an archive holds of an export into a directory.

    Args:
        archive: The ZIP; stored or deflated, with everything at its top or in one folder.
        target: An empty directory.

    Returns:
        How many files were left out because no export has them.

    Raises:
        LogError: It is no such archive, is damaged, or is made to do harm: a name twice or one that leads elsewhere, more or longer files than any export.
        StoreError: It cannot be read, or there is no room.
    """
    try:
        with archive.open("rb") as stream:
            _must_be_short(stream)
            with ZipFile(stream) as opened:
                entries = _entries(opened, archive.stat().st_size)
                top = _top([name for name, _ in entries])
                if any(not name.startswith(top) for name in opened.namelist()):
                    raise LogError("the archive holds names beside the one folder that its log is in")
                _must_be_of_an_export([name.removeprefix(top) for name in opened.namelist()])
                taken = [_unpack(opened, entry, name.removeprefix(top), target) for name, entry in entries]
        if not (target / "log").is_dir():
            raise LogError("the archive holds no log")
        return taken.count(False)
    except (BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError):
        raise LogError(
            "the archive is damaged, or was cut off on its way: get it once more from whoever gave it, or verify the log itself"
        ) from None
    except OSError as error:
        if error.errno == EINVAL:  # a place before the file's beginning: the archive's own numbers do not fit
            raise LogError("the archive is damaged: it says that its files lie elsewhere") from None
        raise StoreError(
            f"{archive} cannot be unpacked to be checked: {error.strerror}; free space in TMPDIR"
        ) from error


def _must_be_short(stream: BinaryIO) -> None:
    """Refuse a table of contents that would fill the memory, before anything reads it."""
    size = stream.seek(0, 2)
    stream.seek(max(size - _END_BYTES - 65_535 - _LOCATOR_BYTES - _LARGE_BYTES, 0))
    tail = stream.read()
    at = len(tail) - _END_BYTES if tail[-_END_BYTES:].startswith(_END) else tail.rfind(_END)
    if at < 0:
        raise LogError("no archive: it does not end as a ZIP does")
    length = int.from_bytes(tail[at + 12 : at + 16], "little")
    locator = max(at - _LOCATOR_BYTES, 0)
    if tail[locator:at].startswith(_LOCATOR):  # then a larger record before it counts
        large = tail[max(locator - _LARGE_BYTES, 0) : locator]
        if not large.startswith(_LARGE):
            raise LogError("the archive's end is not where a ZIP has it")
        length = int.from_bytes(large[40:48], "little")
    if length > _MAX_DIRECTORY:
        raise LogError(
            "the archive's table of contents is too long", expected=f"{_MAX_DIRECTORY} bytes", found=str(length)
        )
    stream.seek(0)


def _entries(archive: ZipFile, size: int) -> list[tuple[str, ZipInfo]]:
    """The files of an archive by their names, each of which can be written where it says."""
    entries = [(entry.filename, entry) for entry in archive.infolist() if not entry.is_dir()]
    names = [entry.filename.rstrip("/").casefold() for entry in archive.infolist()]
    if len(names) > 2 * _MAX_FILES or len(entries) > _MAX_FILES:
        raise LogError(
            "the archive holds more files than any export", expected=f"at most {_MAX_FILES}", found=str(len(names))
        )
    if len({*names}) < len(names):
        raise LogError("the archive holds a name twice: which file counts would be anybody's choice")
    if any(len(name) > _MAX_NAME or _leads_out(name.removesuffix("/")) for name in archive.namelist()):
        raise LogError("the archive holds a name that leads out of it")
    above = {str(parent) for name in names for parent in PurePosixPath(name).parents}
    if not above.isdisjoint(name.casefold() for name, _ in entries):
        raise LogError("the archive holds a file and a folder of the same name")
    for _, entry in entries:
        if entry.flag_bits & _ENCRYPTED or entry.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
            raise LogError("the archive is encrypted, or packed in a way that no export is")
    whole = sum(entry.file_size for _, entry in entries)
    if whole > _MAX_RATIO * size:
        raise LogError(
            "the archive says that it holds far more than its length allows",
            expected=f"at most {_MAX_RATIO * size} bytes",
            found=str(whole),
        )
    return entries


def _leads_out(name: str) -> bool:
    return (
        PurePosixPath(name).is_absolute() or bool({".", "..", ""} & {*name.split("/")}) or "\\" in name or ":" in name
    )


def _must_be_of_an_export(names: list[str]) -> None:
    """Refuse what lies among the records, receipts or disclosures and is none: nobody could say whether it was read."""
    for name in names:
        folder, _, rest = name.partition("/")
        if (
            folder in _WHOLE
            and rest
            and ("/" in rest or not rest.endswith(_FOLDERS[folder][0]) or not _NAME.issuperset(rest))
        ):
            raise LogError(f"the archive holds something in {folder} that no export has there")


def _top(names: list[str]) -> str:
    """The one folder that everything lies in, as where a directory was packed; empty where there is none."""
    tops = {name.partition("/")[0] for name in names if "/" in name}
    if any(name.startswith("log/") for name in names) or len(tops) != 1:
        return ""
    (top,) = tops
    return f"{top}/" if any(name.startswith(f"{top}/log/") for name in names) else ""


def _unpack(archive: ZipFile, entry: ZipInfo, name: str, target: Path) -> bool:
    """Write one file where it is one of an export, and say whether it is."""
    folder, slash, rest = name.partition("/")
    suffix, most = _FOLDERS.get(folder, ("", 0)) if slash else ("", _FILES.get(name, 0))
    parts = rest.split("/") if slash else []
    if not most or not rest.endswith(suffix) or not _NAME.issuperset(rest.replace("/", "")):
        return False
    if len(parts) > 1 and folder != "tiles":
        return False
    if entry.file_size > most:
        raise LogError(
            f"{name} is longer than any file of its kind", expected=f"at most {most} bytes", found=str(entry.file_size)
        )
    place = target / name
    place.parent.mkdir(parents=True, exist_ok=True)
    with archive.open(entry) as source, place.open("xb") as file:
        while chunk := source.read(_CHUNK):  # no more than the size that it says, which the sum above counts
            file.write(chunk)
    return True
