"""
The older version of a rubric, found where it lies: in a file, in a log, in git.

Owns the order in which that is looked for, and what is said where it is nowhere. Must not know what two versions are compared for.
"""

from __future__ import annotations

from pathlib import Path

from scoring import canonical
from scoring.change.comparison import Version
from scoring.change.edits import Source
from scoring.change.examples import FILE_NAME, any_level
from scoring.cli.git import committed, fetching, revisions, short
from scoring.cli.inputs import examined_data, whole
from scoring.cli.output import CallError
from scoring.cli.paths import RUBRIC, STDIN, YAML, kind_of, shown
from scoring.engine.plan import MAX_PACK
from scoring.engine.rubric import Rubric
from scoring.errors import RubricError
from scoring.rubric.check import examine
from scoring.rubric.load import AUTHORED
from scoring.rubric.load import rubric_file as named
from scoring.rubric.reader import MAX_BYTES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from scoring import AuditLog

__all__ = ["at_revision", "beside", "in_force", "named", "version_at"]


def version_at(name: str) -> Version:
    """
    Read a version from a rubric file or a pack.

    Raises:
        CallError: It is something else. RubricError: It is wrong; each problem has its place. StoreError: It cannot be read.
    """
    name = named(name)
    data = whole(name, MAX_PACK, RUBRIC)
    problems, rubric = examined_data(data, name, any_level=True)
    if rubric is None:
        raise RubricError(problem for problem in problems if problem.severity == "error")
    if rubric.pack == data:
        return Version(rubric.pack, shown(name))
    file = Path(name).with_name(FILE_NAME)
    examples = whole(str(file), MAX_BYTES, "examples") if name != STDIN and file.is_file() else None
    return Version(rubric.pack, shown(name), Source(data, shown(name)), examples, str(file))


def at_revision(name: str, revision: str = "HEAD") -> Version:
    """
    Read a version of a rubric file from a commit, its examples and the rubrics that are its stages too.

    Raises:
        CallError: Git does not have it. RubricError: It was wrong then.
    """
    path = named(name)
    data = committed(path, revision)
    where = f"{path} in {short(revision)}"
    if not (path.lower().endswith(AUTHORED) or kind_of(data) == YAML):
        return Version(Rubric(data, level=any_level(data)).pack, where)
    checked = examine(data, path, fetching(revision))
    if checked.pack is None:
        first = next(problem for problem in checked.problems if problem.severity == "error")
        raise CallError(f"{where} has errors, the first of them: {first}")
    file = str(Path(path).with_name(FILE_NAME))
    try:
        examples: bytes | None = committed(file, revision)
    except CallError:
        examples = None
    return Version(checked.pack, where, Source(data, where), examples, f"{file} in {short(revision)}")


def in_force(log: AuditLog, new: Version) -> Version | None:
    """
    Give the version of a rubric that a log scores by: the one that it took in last; where that is *new* itself, the one that *new* replaces.

    Returns:
        None where the log has none that is another.
    """
    rubric = new.rubric
    replaces = rubric.plan.pack["about"].get("replaces")
    found: dict[str, tuple[int, str]] = {}  # of this rubric: the version of each pack, with its record
    for seq, line in log.records():
        record: Any = canonical.loads(line)
        if record["type"] == "rubric" and record["body"]["rubric"] == rubric.id:
            found[record["body"]["pack"]] = (seq, record["body"]["version"])
    others = {pack: at for pack, at in found.items() if pack != rubric.digest}
    if rubric.digest in found:
        others = {pack: at for pack, at in others.items() if at[1] == replaces}
    if not others:
        return None
    pack = max(others, key=lambda digest: others[digest][0])
    seq, version = others[pack]
    return Version(log.pack(pack), f"version {version} of {log.path}, record #{seq}")


def beside(name: str, rubric: str, version: str) -> Version | None:
    """
    Look for a version of a rubric by its name: as a pack beside the file, else in the history of the file.

    Returns:
        None where it is in neither. A pack of that name that holds another version is passed over, and so is what was wrong in the history.
    """
    path = Path(named(name))
    for folder in (path.parent, path.parent / "packs"):
        pack = folder / f"{rubric}-{version}.pack.json"
        if pack.is_file():
            found = version_at(str(pack))
            if (found.rubric.id, found.rubric.version) == (rubric, version):
                return found
    for revision in revisions(str(path)):
        try:
            if not _may_be(committed(str(path), revision), version):
                continue
            found = at_revision(str(path), revision)
        except (CallError, RubricError):
            continue
        if (found.rubric.id, found.rubric.version) == (rubric, version):
            return found
    return None


def _may_be(data: bytes, version: str) -> bool:
    """Whether a file can be of this version, seen without reading it as a rubric."""
    return version.encode() in data
