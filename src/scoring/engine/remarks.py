"""
What is of note in a submission and no part of the verdict.

Owns what an auditor is told beyond the outcomes: every single rating, what raters noted, how far they agree, where a time limit was passed. Must not change
anything.
"""

from __future__ import annotations

from scoring.engine.exact import rational, spell
from scoring.engine.ratings import agreement

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection
    from typing import Any

    from scoring.engine.parts import Item
    from scoring.engine.plan import Plan

__all__ = ["effective_limit", "remarks"]

MAX_DIGITS = 4  # of a time limit, as rubrics write it
_SECONDS = {"s": 1, "sec": 1, "min": 60, "h": 3600, "hr": 3600}

# What a form may say that is worth a line: the key, the mark, and how it is told.
_TOLD = (
    ("indicators", "observed", "observed"),
    ("criteria", "not_observed", "criterion not observed"),
    ("deliverables", "missing", "deliverable missing"),
    ("evidence", "missing", "evidence missing"),
    ("ground_rules", "breached", "ground rule breached"),
    ("constraints", "volunteered", "constraint given away unasked"),
    ("tensions", "not_delivered", "tension not brought in"),
    ("conduct", "breached", "conduct rule breached by the one who ran the session"),
)


def remarks(plan: Plan, outside: Collection[int], submission: dict[str, Any]) -> list[str]:
    """
    Say what is of note in a submission that was scored.

    Args:
        plan: The rubric.
        outside: The items that are not the case's.
        submission: As it was scored.
    """
    answers, facts = submission.get("answers", {}), submission.get("facts", {})
    items = [item for item in plan.items if item.place not in outside]
    lines = [
        line
        for item in items
        if item.table.rate is not None and type(answers.get(item.id)) is dict
        for rater, form in sorted(answers[item.id].items())
        for line in _form_lines(item, rater, form)
    ]
    if "raters" in facts:
        lines += [line for item in items if item.table.rate is not None for line in _panel_lines(item, answers, facts)]
    for pair in agreement([item.data for item in items], answers):
        who = " and ".join(pair["raters"])
        kappas = [str(kappa) for kappa in pair["kappa"].values() if kappa is not None]
        lines.append(
            f"{who} rated {pair['items']} item{'s' * (pair['items'] > 1)} both, {pair['exact']} of them alike"
            + (f"; weighted kappa {', '.join(kappas)}" if kappas else "")
        )
    if "accommodation" in facts:
        lines.append(f"accommodation: time limits are multiplied by {facts['accommodation']}")
    elapsed = facts.get("elapsed", {})
    for item in items:
        limit = effective_limit(item, facts)
        if limit is not None and item.id in elapsed and elapsed[item.id] * limit[1] > limit[0]:
            lines.append(f"{item.id}: took {elapsed[item.id]} s, the limit was {spell(*limit)} s")
    return lines


def effective_limit(item: Item, facts: dict[str, Any]) -> tuple[int, int] | None:
    """The time limit of an item in seconds, times the accommodation; None where it has none, or one that is advice (``~``)."""
    limit = item.data["about"].get("limit", "")  # whatever text, or list of text, a hand-made pack has there
    number, _, unit = limit.partition(" ") if type(limit) is str else ("", "", "")
    if not (number.isascii() and number.isdigit() and len(number) <= MAX_DIGITS) or unit not in _SECONDS:
        return None
    factor, of = rational(facts.get("accommodation", "1"))
    return int(number) * _SECONDS[unit] * factor, of


def _panel_lines(item: Item, answers: dict[str, Any], facts: dict[str, Any]) -> list[str]:
    """Say why an item would be awaited for ever: too few people who may rate it, or more than it takes."""
    rules, answer = item.data["raters"], answers.get(item.id)
    forms = answer if type(answer) is dict else {}
    there = [(rater, role) for rater, role in facts["raters"].items() if role in rules["needs"]]
    lines = []
    for role, least in rules["needs"].items():
        left = sum(role == own and "abstained" not in forms.get(rater, {}) for rater, own in there)
        if left < least:
            lines.append(
                f"{item.id}: needs {least} of role {role}, and the panel has {left}: awaited until it has more"
            )
    if len(there) > rules["max"]:
        lines.append(f"{item.id}: the panel has {len(there)} who must rate it, and it takes {rules['max']} at most")
    return lines


def _form_lines(item: Item, rater: str, form: dict[str, Any]) -> list[str]:
    if "abstained" in form:
        return [f"{item.id}: {rater} abstained"]
    said = form.get("rating") or ", ".join(f"{line} {mark}" for line, mark in form["lines"].items())
    lines = [f"{item.id}: {rater} rated {said}"]
    for key, mark, told in _TOLD:
        names = [name for name, found in form.get(key, {}).items() if found == mark]
        if names:
            lines.append(f"  {rater}: {told}: {', '.join(names)}")
    if "concern" in form:
        lines.append(f"  {rater} has a concern: {_on_one_line(form['concern'])}")
    return lines


def _on_one_line(text: str) -> str:
    """What somebody wrote, without what could end the line or steer a terminal."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
