"""
An empty submission to fill in, as `scoring score --template` prints it.

Owns what stands where something has to be filled in: nothing, or the choices, neither of which is taken as it stands, so that nobody sends it off by mistake.
Must not know how an answer is read.
"""

from __future__ import annotations

import json as standard_json
from typing import TYPE_CHECKING

from scoring.cli.output import complain, emit, say

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from scoring import Rubric

__all__ = ["items_of", "show_template", "template_of"]

_TIME = "YYYY-MM-DDTHH:MM:SSZ"
_OR = " | "  # no id has it in it
_MARKS = ("observed", "not_observed", "not_probed")


def show_template(rubric: Rubric, *, json: bool) -> None:
    """Print the template of a rubric."""
    template = template_of(rubric)
    if json:
        emit(template)
    else:
        say(standard_json.dumps(template, indent=2))
    for variant in rubric.variants:
        others = [item["id"] for item in items_of(rubric) if item["only"] not in (None, variant)]
        complain(f"variant {variant}: leave out {', '.join(others) or 'nothing'}")


def template_of(rubric: Rubric) -> dict[str, Any]:
    """An empty submission: with several stages all of them handed in, and a rater for each seat that has to be taken."""
    items = list(items_of(rubric))
    facts: dict[str, Any] = {"started_at": _TIME}
    if rubric.notice_digest is not None:
        facts["notice"] = {"sha256": rubric.notice_digest, "at": _TIME}
    if rubric.variants:
        facts["variant"] = _OR.join(rubric.variants)
    raters = _panel(items)
    if raters:
        facts["raters"] = raters
    handed_in = {"handed_in": list(rubric.stages)} if len(rubric.stages) > 1 else {}
    answers = {item["id"]: _answer(item, raters) for item in items}
    return {"id": "", "case": "", **handed_in, "facts": facts, "answers": answers}


def items_of(rubric: Rubric) -> Iterator[dict[str, Any]]:
    """Give the items that somebody answers, in order: not those that were taken out afterwards."""
    for stage in rubric.plan.pack["stages"]:
        for section in stage["sections"]:
            yield from (item for item in section["items"] if not item["void"])


def _panel(items: Iterable[dict[str, Any]]) -> dict[str, str]:
    """For each role as many people as the item needs that needs most."""
    seats: dict[str, int] = {}
    for item in items:
        for role, needed in item.get("raters", {}).get("needs", {}).items():
            seats[role] = max(needed, seats.get(role, 0))
    return {
        role if needed == 1 else f"{role}-{number}": role
        for role, needed in seats.items()
        for number in range(1, needed + 1)
    }


def _answer(item: dict[str, Any], raters: dict[str, str]) -> Any:
    if item["kind"] in ("rating", "checklist"):
        needs = item["raters"]["needs"]
        names = [
            name
            for role, needed in needs.items()
            for name in [name for name, at in raters.items() if at == role][:needed]
        ]
        return {name: _form(item) for name in names}
    if item["kind"] == "evidence":
        return {"reference": ""}
    return [] if item["kind"] == "selection" else ""


def _form(item: dict[str, Any]) -> dict[str, Any]:
    """What one rater has to say; what may be ticked beside it stands in the schema of submissions."""
    if item["kind"] == "rating":
        return {"rating": _OR.join(value["id"] for value in item["values"])}
    return {"lines": {line["id"]: _OR.join(_MARKS) for line in item["lines"]}}
