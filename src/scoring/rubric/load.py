"""
Open a rubric for scoring: a pack, or a rubric file.

Owns the reading of the file and the messages about paths. For a pack it imports the engine and nothing else: what authoring needs (attrs, cattrs, PyYAML)
is imported only where a rubric file is read.
"""

from __future__ import annotations

import os

from scoring.engine.plan import MAX_PACK
from scoring.engine.rubric import Rubric
from scoring.errors import Problem, RubricError, StoreError, closest_file
from scoring.events import emit

__all__ = ["AUTHORED", "load", "pack_at", "placed", "read_file", "rubric_file"]

AUTHORED = (".yaml", ".yml")
RUBRIC = "rubric.yaml"  # what a rubric file is called where its directory stands for it
_MAX_NEIGHBOURS = 1_000  # file names that are looked at for a suggestion


def load(source: str | os.PathLike[str] | bytes, profile: str | None = None, level: str | None = None) -> Rubric:
    """
    Load a rubric.

    Args:
        source: The path of a rubric file (``.yaml``, ``.yml``), of the directory that holds a ``rubric.yaml``, or of a pack; or a pack's bytes.
        profile: Which weights; the rubric's default where None.
        level: For rubrics with levels.

    Raises:
        RubricError: The rubric is wrong; `problems` holds every problem, with lines and columns for a rubric file. Warnings stop nothing.
        StoreError: The file cannot be read.
        MissingExtraError: It is a rubric file, and PyYAML is not installed.
    """
    rubric = _load(source, profile, level)
    emit(
        "loaded",
        rubric=rubric.id,
        version=rubric.version,
        pack=rubric.digest,
        profile=rubric.profile,
        level=rubric.level,
    )
    return rubric


def _load(source: str | os.PathLike[str] | bytes, profile: str | None, level: str | None) -> Rubric:
    if isinstance(source, (bytes, bytearray, memoryview)):
        return _from_pack(bytes(source), profile, level)
    if not isinstance(source, (str, os.PathLike)):
        message = f"expected the path of a rubric or the bytes of a pack, got a value of type {type(source).__name__}"
        raise RubricError([Problem("source", message)])
    path = rubric_file(os.fspath(source))
    data = pack_at(path)
    try:
        return _from_pack(data, profile, level)
    except RubricError as error:
        raise placed(error, path) from None


def placed(error: RubricError, path: str) -> RubricError:
    """What is wrong with the pack at a path, with the path: no problem of a pack has a line."""
    return RubricError(Problem(each.code, each.message, path=each.path, file=path) for each in error.problems)


def rubric_file(path: str) -> str:
    """The file that a path means: of a directory that holds a `rubric.yaml` that one, else the path itself."""
    inside = os.path.join(path, RUBRIC)  # noqa: PTH118 - pathlib would be one more import for a cold function
    return inside if os.path.isfile(inside) else path  # noqa: PTH113 - as above


def pack_at(path: str) -> bytes:
    """
    The pack of a rubric file, or of the one in a directory, or what lies at another path: for every profile and level.

    Raises:
        RubricError: The rubric file has errors. StoreError: It cannot be read. MissingExtraError: PyYAML is not installed.
    """
    path = rubric_file(path)
    if not path.lower().endswith(AUTHORED):
        return read_file(path, MAX_PACK)
    from scoring.rubric.check import check

    checked = check(path)
    if checked.pack is None:
        raise RubricError(problem for problem in checked.problems if problem.severity == "error")
    return checked.pack


def _from_pack(data: bytes, profile: str | None, level: str | None) -> Rubric:
    start = data[:1024].lstrip()
    if start and not start.startswith(b"{"):
        message = "this is no pack, which begins with {; a rubric in YAML is loaded by its path, which ends in .yaml"
        raise RubricError([Problem("pack", message)])
    return Rubric(data, profile, level)


def read_file(path: str, most: int) -> bytes:
    """
    Read a file, and one byte more than *most* at the most, so that whoever knows what it is can say that it is too long.

    Raises:
        StoreError: It cannot be read; the message says what may have been meant.
    """
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - pathlib would be one more import for a cold function
            return file.read(most + 1)
    except (OSError, ValueError) as error:  # ValueError: a NUL character in the path
        raise StoreError(f"{path}: {_why(path, error)}") from error


def _why(path: str, error: OSError | ValueError) -> str:
    if os.path.isdir(path):  # noqa: PTH112 - as above
        inside = [name for name in _names(path) if name.lower().endswith((*AUTHORED, ".json"))]
        return f"is a directory, not a file{_meant(path, min(inside, default=None))}"
    if isinstance(error, FileNotFoundError):
        folder, name = os.path.split(path)
        if folder and not os.path.isdir(folder):  # noqa: PTH112
            return f'no such file: there is no directory "{folder}"'
        return f"no such file{_meant(folder, closest_file(name, _names(folder or '.')))}"
    if isinstance(error, PermissionError):
        return "this user is not allowed to read it"
    return (error.strerror or str(error)) if isinstance(error, OSError) else str(error)


def _meant(folder: str, name: str | None) -> str:
    return f'; did you mean "{os.path.join(folder, name)}"?' if name else ""  # noqa: PTH118 - as above


def _names(folder: str) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            return [entry.name for entry, _ in zip(entries, range(_MAX_NEIGHBOURS), strict=False)]
    except OSError:
        return []
