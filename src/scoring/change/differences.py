"""
What two versions of a rubric ask differently, so far as a proof about both leaves cases out: in whole sentences, for people.

Must not know of counts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scoring.change.joint import Question
    from scoring.engine.plan import Plan

__all__ = ["differences", "notice_matters", "unpaired"]


def notice_matters(plans: Sequence[Plan]) -> bool:
    """Whether a rubric with a notice has an answer that is fatal."""
    return any(
        plan.notice_digest is not None and any(word & 0xFFFF for item in plan.items for word in item.words)
        for plan in plans
    )


def differences(old: Plan, new: Plan) -> list[str]:
    """What only one version asks: there is no one answer to compare."""
    found = []
    for one, other, word in ((old, new, "old"), (new, old, "new")):
        names = [item.id for item in one.items if item.id not in other.index]
        if names:
            found.append(f"Only the {word} version asks {', '.join(names)}: any outcome goes with any.")
        if [*one.frames] != [None] and [*other.frames] != [None]:
            variants = [str(variant) for variant in one.frames if variant not in other.frames]
            if variants:
                found.append(f"Only the {word} version has the variant {', '.join(variants)}: left out.")
    kinds = [
        item.id
        for item in new.items
        if item.id in old.index and old.items[old.index[item.id]].data["kind"] != item.data["kind"]
    ]
    if kinds:
        found.append(f"Of another kind than before, so another question: {', '.join(kinds)}.")
    return found


def unpaired(old: Plan, new: Plan, asked: Sequence[Question]) -> list[str]:
    """Outcomes that no submission can have which both versions take as complete."""
    found = []
    for question in asked:
        before, after = question.places
        if before is None or after is None:
            continue
        for n, (plan, place) in enumerate(((old, before), (new, after))):
            item = plan.items[place]
            both = {
                outcome.codes[n]
                for outcome in question.outcomes
                if outcome.codes[0] not in old.items[before].awaits and outcome.codes[1] not in new.items[after].awaits
            }
            codes = [outcome.codes[n] for outcome in question.alone[n]]
            names = [
                item.name(code) for code in codes if code is not None and code not in both and code not in item.awaits
            ]
            if names:
                where, other = (("old", "new"), ("new", "old"))[n]
                found.append(
                    f"{item.id}: {', '.join(names[:10])}{', ...' if len(names) > 10 else ''} of the {where} version leave the case without a "
                    f"result under the {other} one (refused, or waiting); such cases are not among these."
                )
    return found
