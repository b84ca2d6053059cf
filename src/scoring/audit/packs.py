"""
The rubrics that records cite, as files named by their digest: created once, never changed.

Owns `packs/` of `audit/FORMAT.md`, section 2, and the two digests of a pack, section 5. Must not know how a pack scores.
"""

# ruff: noqa: PTH110, PTH118 - pathlib alone would cost a cold start more than this package does
from __future__ import annotations

import os
from hashlib import sha256

from scoring import canonical
from scoring.audit import disk
from scoring.audit.fields import MAX_PACK, is_id
from scoring.audit.value import Value
from scoring.errors import LogError, StoreError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["Names", "Packs", "describe", "names_in"]

_KEPT = 256  # packs whose names are kept at hand
_PUT_BACK = "put it back from a copy, or publish its rubric again, which puts it back"


def describe(pack: bytes) -> dict[str, Any]:
    """
    Return the body of the `rubric` record that cites *pack*.

    Raises:
        LogError: It is no pack, as far as a log can see.

    Source: FORMAT.md 4, 5.
    """
    if len(pack) > MAX_PACK:
        raise LogError("a pack is too long", expected=f"at most {MAX_PACK} bytes", found=f"{len(pack)} bytes")
    try:
        document = canonical.loads_canonical(pack)
    except canonical.CanonicalError as error:
        raise LogError(f"not a pack: {error}") from None
    if type(document) is not dict or not is_id(document.get("rubric")) or not is_id(document.get("version")):
        raise LogError("not a pack: it needs a rubric and a version")
    return {
        "length": len(pack),
        "pack": sha256(pack).hexdigest(),
        "rubric": document["rubric"],
        "scoring": sha256(canonical.dumps(_scoring_form(document))).hexdigest(),
        "version": document["version"],
    }


def _scoring_form(pack: dict[str, Any]) -> dict[str, Any]:
    return _without_about({key: value for key, value in pack.items() if key not in ("rubric", "version")})  # type: ignore[no-any-return]


def _without_about(value: Any) -> Any:
    """Drop every object under `about`; the share of a section that is called so is none."""
    if type(value) is dict:
        kept = {key: member for key, member in value.items() if key != "about" or type(member) is not dict}
        return {key: _without_about(member) for key, member in kept.items()}
    return [_without_about(member) for member in value] if type(value) is list else value


class Names(Value):
    """
    What a pack calls things, as far as records name them.

    Attributes:
        rubric, version: Its ids. replaces: The version that it says it replaces, or None.
        verdicts: Each verdict's action by its id, best first.
        stages: The stages' ids in order.
    """

    __slots__ = ("rubric", "version", "replaces", "verdicts", "stages")  # noqa: RUF023 - in the order of the constructor

    rubric: str
    version: str
    replaces: str | None
    verdicts: dict[str, str]
    stages: tuple[str, ...]

    __hash__ = None  # type: ignore[assignment]


def names_in(pack: bytes) -> Names | None:
    """Read the names in a pack; None where it is none, as far as these go."""
    try:
        document: Any = canonical.loads_canonical(pack)
        verdicts = {verdict["id"]: verdict["action"] for verdict in document["verdicts"]}
        stages = tuple(stage["id"] for stage in document["stages"])
        found = Names(document["rubric"], document["version"], document["about"].get("replaces"), verdicts, stages)
    except (canonical.CanonicalError, AttributeError, KeyError, TypeError):
        return None
    return found if all(map(is_id, (found.rubric, found.version, *verdicts, *stages))) else None


class Packs:
    """The pack files of one log."""

    def __init__(self, directory: str) -> None:
        self.directory = directory
        self._names: dict[str, Names | None] = {}

    def path(self, digest: str) -> str:
        """Return the path of the file of a pack."""
        return os.path.join(self.directory, f"{digest}.json")

    def names(self, digest: str) -> Names | None:
        """Return what a pack calls things; None where it is missing, was changed, or is no pack."""
        if digest not in self._names:
            try:
                found = names_in(self.read(digest))
            except LogError:
                return None
            if len(self._names) >= _KEPT:
                self._names = {}  # replaced, not emptied: another thread may be reading it
            self._names[digest] = found
        return self._names[digest]

    def keep(self, digest: str, pack: bytes) -> None:
        """
        Put a pack where it belongs, durably. The caller holds the log's lock.

        Raises:
            LogError: Another content stands under this name.
            StoreError: It could not be written.
        """
        try:
            if os.path.exists(self.path(digest)):
                self.read(digest)  # `create` leaves no half-written file; its name may not be durable yet
                disk.sync_directory(self.directory)
                return
            disk.make_directory(self.directory)
            disk.create(self.path(digest), pack)
        except OSError as error:
            message = (
                f"the pack {self.path(digest)} cannot be written ({error.strerror}); nothing that cites it was recorded"
            )
            raise StoreError(message) from error

    def restore(self, digest: str, pack: bytes) -> None:
        """
        Put a pack that records cite back where it is missing. The caller holds the log's lock.

        Raises:
            LogError: Another content stands under this name, which is left as it is.
            StoreError: It cannot be read, or written.
        """
        if os.path.exists(self.path(digest)):
            self.read(digest)
        elif sha256(pack).hexdigest() == digest:
            self.keep(digest, pack)

    def read(self, digest: str) -> bytes:
        """
        Read a pack and check that it is the one.

        Raises:
            LogError: It is missing, or was changed.
        """
        try:
            with disk.open_file(self.path(digest)) as file:
                pack = file.read(MAX_PACK + 1)
        except FileNotFoundError:
            raise LogError(f"the pack {self.path(digest)} is missing: {_PUT_BACK}") from None
        except disk.NotAFileError as error:
            raise LogError(f"the pack {self.path(digest)} is {error.strerror}") from None
        except OSError as error:
            raise StoreError(f"the pack {self.path(digest)} cannot be read: {error.strerror}") from error
        found = sha256(pack).hexdigest()
        if found != digest:
            message = f"the pack {self.path(digest)} was changed: move that file away, and {_PUT_BACK}"
            raise LogError(message, expected=digest, found=found)
        return pack
