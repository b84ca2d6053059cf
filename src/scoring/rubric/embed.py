"""
Another rubric as a stage of this one.

Owns how a pack of one stage becomes a stage: its sections, items and overrides are called ``stage/id``, its overrides become overrides of the whole with
caps of the whole, and its weights are those of one of its profiles. Its verdicts, its bands and what its flags cap stay behind.
"""

from __future__ import annotations

from fractions import Fraction
from hashlib import sha256
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator

    from scoring.rubric.model import RubricStage

    Packed = dict[str, Any]

__all__ = ["Inner", "parts_of"]


class Inner:
    """
    The pack of a rubric that is a stage of another.

    Attributes:
        stage: What the other rubric says about the stage. pack, digest: The pack, and the SHA-256 of its bytes.
        profile: The profile that weighs its sections; its default where the one that was asked for is not there.
        sections, shares: Its sections and their weights within the stage, called as they are here.
    """

    def __init__(self, stage: RubricStage, pack: Packed, data: bytes) -> None:
        self.stage = stage
        self.pack = pack
        self.digest = sha256(data).hexdigest()
        profiles = {profile["id"]: profile for profile in pack["profiles"]}
        self.profile: Packed = profiles.get(stage.profile or "", profiles[pack["default_profile"]])
        self.sections = [_renamed(section, self.name) for section in pack["stages"][0]["sections"]]
        self.shares = {self.name(section): Fraction(share) for section, share in self.profile["shares"].items()}

    def name(self, own: str) -> str:
        """What something of the other rubric is called here."""
        return f"{self.stage.id}/{own}"

    def gate(self, written: Container[str] = ()) -> list[Packed]:
        """The conditions of its gate, but for those that this rubric writes itself."""
        return [entry for entry in self.pack["stages"][0]["gate"] if entry["id"] not in written]

    def overrides(self, written: Container[str] = ()) -> list[Packed]:
        """Its overrides, but for those that this rubric writes itself."""
        return [entry for entry in self.pack["overrides"] if entry["id"] not in written]

    def moved(self, override: Packed) -> Packed:
        """One of its overrides as an override of the whole."""
        caps: dict[str, Any] = {str(theirs): ours for theirs, ours in self.stage.caps.items()}
        return {
            "about": override["about"],
            "cap": caps[override["cap"]],
            "id": self.name(override["id"]),
            "when": self._moved(override["when"]),
        }

    def _moved(self, when: Packed) -> Packed:
        """Recursion is bounded by what the engine takes."""
        return {key: self._moved_value(key, value) for key, value in when.items()}

    def _moved_value(self, key: str, value: Any) -> Any:
        if key in ("section", "item"):
            return self.name(value)
        if key == "stage":
            return self.stage.id
        return [self._moved(inner) for inner in value] if key in ("all", "any") else value

    @property
    def assumed(self) -> list[Packed]:
        """What the other rubric assumes, and its weights where they are an assumption."""
        own = [{"about": entry["about"], "id": f"{self.stage.id}.{entry['id']}"} for entry in self.pack["assumed"]]
        if self.profile["assumed"]:
            what = self.profile["about"].get("assumption", "the weights of its sections")
            own.append({"about": {"what": what}, "id": f"{self.stage.id}.{self.profile['id']}"})
        return own


def _renamed(section: Packed, name: Callable[[str], str]) -> Packed:
    items = [item | {"id": name(item["id"])} for item in section["items"]]
    return section | {"id": name(section["id"]), "items": items}


def parts_of(when: Packed) -> Iterator[Packed]:
    """The conditions in a packed condition that hold no other."""
    waiting = [when]
    while waiting:
        condition = waiting.pop()
        inner = condition.get("all") or condition.get("any")
        if inner is None:
            yield condition
        else:
            waiting += reversed(inner)
