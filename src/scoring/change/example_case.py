"""
The case that an example is about: what the base says, changed by what the example says, as a submission.

Owns how the two are merged and the short ways of writing that an engine does not take: a rating without its form, seconds as text. Takes plain values;
must not know of files and places in them, and judges nothing: what makes no sense is for the engine to refuse.
"""

from __future__ import annotations

from typing import Any

import attrs

__all__ = ["Case", "Shape"]


@attrs.frozen
class Shape:
    """
    What has to be known of a rubric to write a submission.

    Attributes:
        items: Each item of the pack by id.
        stage_of: The stage of each item.
        several: Whether there is more than one stage.
    """

    items: dict[str, dict[str, Any]]
    stage_of: dict[str, str]
    several: bool

    @classmethod
    def of(cls, pack: dict[str, Any]) -> Shape:
        """Read it off a pack."""
        placed = [(s["id"], item) for s in pack["stages"] for section in s["sections"] for item in section["items"]]
        items, stage_of = {item["id"]: item for _, item in placed}, {item["id"]: stage for stage, item in placed}
        return cls(items, stage_of, len(pack["stages"]) > 1)


@attrs.frozen
class Case:
    """
    What a base or an example says about a case.

    Attributes:
        answers: By item; a rating may be said shortly, see `submission`.
        facts: But for raters and variant.
        raters: The panel; `variant`, `handed_in`, `level`: as the file says. None where it says nothing.
    """

    answers: dict[str, Any] = attrs.field(factory=dict)
    facts: dict[str, Any] = attrs.field(factory=dict)
    raters: dict[str, Any] | None = None
    variant: str | None = None
    handed_in: tuple[str, ...] | None = None
    level: str | None = None

    def changed(self, own: Case, shape: Shape, gone: set[str]) -> Case:
        """
        Put what an example says in place of what the base says.

        Where the example says which stages are handed in, the base's answers in the others are left out: that is how an instalment is written.
        So are those to items of a variant that the example does not take.

        Args:
            own: What the example says.
            shape: Of the rubric.
            gone: The items whose answers are left out as well.
        """
        variant = own.variant or self.variant

        def stays(item: str) -> bool:
            if item in gone or shape.items[item]["only"] not in (None, variant):
                return False
            return own.handed_in is None or shape.stage_of[item] in own.handed_in

        return Case(
            {**{item: answer for item, answer in self.answers.items() if stays(item)}, **own.answers},
            {**self.facts, **own.facts},
            self.raters if own.raters is None else own.raters,
            variant,
            self.handed_in if own.handed_in is None else own.handed_in,
            own.level or self.level,
        )

    def submission(self, shape: Shape) -> dict[str, Any]:
        """
        Write the submission.

        A text as the answer to a rating becomes the rating of everybody on the panel who may rate the item, and a text beside a rater that rater's.
        """
        facts = dict(self.facts)
        if self.raters is not None:
            facts["raters"] = self.raters
        if self.variant is not None:
            facts["variant"] = self.variant
        if isinstance(facts.get("elapsed"), dict):
            facts["elapsed"] = {item: _whole(seconds) for item, seconds in facts["elapsed"].items()}
        answers = {item: self._answer(shape.items[item], answer) for item, answer in self.answers.items()}
        submission: dict[str, Any] = {"answers": answers, "facts": facts}
        if shape.several and self.handed_in is not None:
            submission["handed_in"] = [*self.handed_in]
        return submission

    def _answer(self, item: dict[str, Any], answer: Any) -> Any:
        if item["kind"] == "evidence" and isinstance(answer, dict) and "seconds" in answer:
            return {**answer, "seconds": _whole(answer["seconds"])}
        if item["kind"] != "rating":
            return answer
        if type(answer) is str and answer.strip():
            needs = item["raters"]["needs"]
            return {name: {"rating": answer} for name, role in (self.raters or {}).items() if role in needs}
        if isinstance(answer, dict):
            return {name: {"rating": form} if type(form) is str else form for name, form in answer.items()}
        return answer


def _whole(text: Any) -> Any:
    """The integer that a text of digits is; anything else as it stands, for the engine to refuse."""
    digits = type(text) is str and text.isascii() and text.isdigit() and len(text) <= 15
    return int(text) if digits else text
