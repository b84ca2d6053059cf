"""
Two versions of a rubric, given by path or loaded, made ready to be compared.

Owns which profiles and levels are compared, what a version is called in a message, and the file to find lines in. Must not know what is compared.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import attrs

from scoring.change.edits import Source
from scoring.change.examples import any_level
from scoring.engine.rubric import Rubric
from scoring.errors import RubricError
from scoring.rubric.load import AUTHORED, pack_at, placed, read_file, rubric_file
from scoring.rubric.reader import MAX_BYTES

if TYPE_CHECKING:
    from scoring.engine.plan import Plan
    from scoring.testing.drawing import Loaded

__all__ = ["Opened", "pairs"]


@attrs.frozen
class Opened:
    """
    One version, with one profile and level.

    Attributes:
        rubric: Loaded.
        file: Where it came from, None where it was loaded already.
        source: To find lines in; None but for YAML.
    """

    rubric: Rubric
    file: str | None
    source: Source | None

    @property
    def plan(self) -> Plan:
        """The rubric's plan."""
        return self.rubric.plan

    @property
    def name(self) -> str:
        """What it is called in a message: id, version, profile, level, file."""
        level = "" if self.rubric.level is None else f", level {self.rubric.level}"
        file = "" if self.file is None else f" ({self.file})"
        return f"{self.rubric.id} {self.rubric.version}, profile {self.rubric.profile}{level}{file}"


def pairs(old: Loaded, new: Loaded) -> list[tuple[Opened, Opened]]:
    """
    Open two versions to be compared.

    A loaded rubric is compared as it was loaded, and a path beside it with the same profile and level. Two paths are compared for each profile and each level
    that both versions have.

    Raises:
        RubricError, StoreError: One of them cannot be loaded.
        ValueError: Two paths whose rubrics have no profile, or no level, in common.
    """
    sides = [_Side(version) for version in (old, new)]
    profiles = _common([side.profiles for side in sides])
    levels = _common([side.levels for side in sides])
    if not profiles or not levels:
        what = "level" if profiles else "profile"
        raise ValueError(f"{sides[0].name} and {sides[1].name} have no {what} in common that both were loaded for")
    return [(sides[0].at(p, v), sides[1].at(p, v)) for p in profiles for v in levels]


class _Side:
    """One of two versions, and the profiles and levels that it can be compared for."""

    def __init__(self, version: Loaded) -> None:
        self.loaded = version if isinstance(version, Rubric) else None
        self.file: str | None = None
        self.source: Source | None = None
        if isinstance(version, Rubric):
            self.name = f"{version.id} {version.version}"
            self.profiles: list[str | None] = [version.profile]
            self.levels: list[str | None] = [version.level]
            return
        self.name = self.file = rubric_file(os.fspath(version))
        if self.file.lower().endswith(AUTHORED):
            self.source = Source(read_file(self.file, MAX_BYTES), self.file)
        data = pack_at(self.file)
        try:
            pack: Any = Rubric(data, level=any_level(data)).plan.pack
        except RubricError as error:
            raise placed(error, self.file) from None
        self.profiles = [profile["id"] for profile in pack["profiles"]]
        self.levels = [level["id"] for level in pack["levels"]] or [None]

    def at(self, profile: str | None, level: str | None) -> Opened:
        rubric = self.loaded or Rubric(pack_at(self.name), profile, level)
        return Opened(rubric, self.file, self.source)


def _common(lists: list[list[str | None]]) -> list[str | None]:
    return [name for name in lists[0] if name in lists[1]]
