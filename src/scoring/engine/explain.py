"""
The whole story of a decision, built only when somebody asks.

Owns what an auditor and a candidate are told: item by item what was earned and raised, how far the score is from each cut, and which single answers,
changed alone, would have changed the verdict or the action. Everything comes from the outcomes and the pack. Must not compute a verdict of its own: it
asks `judge`.
"""

from __future__ import annotations

from scoring.engine.classify import EXCLUDED, OWN, UNOPENED, flags_of
from scoring.engine.conditions import outcome_truths
from scoring.engine.exact import points_away, spell
from scoring.engine.judge import action_of, holds_of, judge

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from scoring.engine.decision import Decision
    from scoring.engine.plan import Item, Plan

__all__ = ["AUDIENCES", "Explanation", "explain"]

AUDIENCES = ("auditor", "candidate")
NAMED_OUTCOMES = 5  # in a line of text; `data` holds them all

_HELD = {
    "refer": "an answer is marked for a person to look at",
    "verdict": "this verdict always goes to a person",
    "irregularity": "something went wrong in the administration",
    "notice": "an answer would disqualify, but there is no proof that the candidate was told beforehand",
    "unclear": "an answer could not be read for certain, and read otherwise it could change the verdict",
}


class Explanation:
    """
    A decision explained to one audience.

    Attributes:
        audience: ``auditor`` or ``candidate``.
        data: The story as JSON: `decision` (for an auditor), `verdict`, `action`, `score`, `margins`, `items`, `changes`, ...
    """

    __slots__ = ("audience", "data")

    def __init__(self, audience: str, data: dict[str, Any]) -> None:
        self.audience = audience
        self.data = data

    def text(self) -> str:
        """The story in plain lines."""
        return "\n".join(_lines(self.data))

    def __str__(self) -> str:
        return self.text()


def explain(decision: Decision, audience: str = "auditor") -> Explanation:
    """
    Tell why a decision is what it is.

    Args:
        decision: From `Rubric.score`, or from a log.
        audience: ``auditor`` is told everything; ``candidate`` never a key, nor what another answer would have to be.

    Raises:
        ValueError: No such audience.

    Source: DESIGN 5 and 8.
    """
    if audience not in AUDIENCES:
        raise ValueError(f"audience must be one of {', '.join(AUDIENCES)}")
    full = audience == "auditor"
    plan = decision.plan
    data: dict[str, Any] = {
        "audience": audience,
        "rubric": plan.pack["rubric"],
        "version": plan.pack["version"],
        "profile": plan.profile,
        "assumed": decision.data["assumed"],
        "status": decision.status,
        "verdict": decision.verdict,
        "action": decision.action,
        "score": decision.data["score"],
        "percent": decision.percent,
        "margins": decision.shown_margins,
        "determined_by": list(decision.determined_by),
        "caps": decision.caps,
        "holds": {hold: _HELD[hold] for hold in decision.holds},
        "awaited": list(decision.awaited),
        "reachable": decision.data["reachable"],
        "sections": decision.data["sections"],
        "items": [_item(decision, item, full=full) for item in plan.items],
        "reasons": [reason.text for reason in decision.reasons],
        "changes": _changes(decision, full=full),
    }
    if full:
        data["decision"] = decision.data
    return Explanation(audience, data)


def _item(decision: Decision, item: Item, *, full: bool) -> dict[str, Any]:
    standing = decision.standing
    code = standing.codes[item.place]
    section = decision.plan.sections[item.section]
    about = item.data["about"]
    entry: dict[str, Any] = {
        "item": item.id,
        "section": section.id,
        "title": about.get("title", about.get("ask", item.id)),
        "outcome": item.name(code),
        "points": spell(item.points[code], section.unit),
        "best": spell(item.best, section.unit),
        "flags": list(flags_of(item.words[code])),
    }
    if not full and item.data["kind"] in {"number", "text"} and code >= OWN:
        # A key's id may give the key away, and which of several keys was met is nobody's business but the author's.
        entry["outcome"] = "accepted" if item.points[code] == item.best else item.name(code).split("+")[0]
        if entry["outcome"] not in {"accepted", "wrong", "unclear", "no_digits"}:
            entry["outcome"] = "accepted in part" if item.points[code] > 0 else "wrong"
    why = _why(item, code)
    if why and (full or entry["flags"]):
        entry["why"] = why
    if not standing.awaited:
        factor = standing.scale.factors[item.section] if code not in {EXCLUDED, UNOPENED} else 0
        missed = (item.best - item.points[code]) * factor
        entry["lost"] = spell(missed, standing.scale.unit)
        entry["lost_shown"] = points_away(missed, standing.scale.unit).lstrip("+")
    if full:
        entry |= {key: about[key] for key in ("audit_note", "origin", "assumption", "job_related") if key in about}
    return entry


def _why(item: Item, code: int) -> list[str]:
    """What the rubric says about what was picked."""
    name = item.name(code)
    picked = set(name.split("+")) if item.data["kind"] in {"selection", "number"} else {name}
    parts = item.data.get("options", item.data.get("keys", ()))
    return [part["about"]["why"] for part in parts if part["id"] in picked and "why" in part["about"]]


def _changes(decision: Decision, *, full: bool) -> list[dict[str, Any]]:
    """Which single answers, changed alone, would have changed the verdict or the action."""
    if decision.verdict is None:
        return []
    changes = []
    for item in decision.plan.items:
        if decision.standing.codes[item.place] in {EXCLUDED, UNOPENED}:
            continue
        to: dict[tuple[str | None, str], list[str]] = {}
        for code, (verdict, action) in _alternatives(decision, item).items():
            if (verdict, action) != (decision.verdict, decision.action):
                to.setdefault((verdict, action), []).append(item.name(code))
        if full:
            changes += [
                {"item": item.id, "verdict": verdict, "action": action, "outcomes": names}
                for (verdict, action), names in to.items()
            ]
        elif to:
            changes.append({"item": item.id})
    return changes


def _alternatives(decision: Decision, item: Item) -> dict[int, tuple[str | None, str]]:
    """Verdict and action for every other outcome of an item, all else equal."""
    plan, standing = decision.plan, decision.standing
    groups: dict[tuple[int, int, bool], dict[int, list[int]]] = {}
    for code in item.codes():
        if code == standing.codes[item.place] or code in {EXCLUDED, UNOPENED} or code in item.awaits:
            continue
        alike = item.words[code], outcome_truths(plan, item.place, code), code == item.unclear
        same = groups.setdefault(alike, {})
        same.setdefault(item.points[code], []).append(code)
    # Within a group the verdict can only get better with more points. So where both ends of a stretch agree, all of it does; but an unclear
    # answer elsewhere can hold the action in between, and then every outcome is judged.
    steady = all(standing.codes[place] != code for place, code in plan.unclear)
    result: dict[int, tuple[str | None, str]] = {}
    for by_points in groups.values():
        classes = [codes for _, codes in sorted(by_points.items())]
        for codes, judged in zip(classes, _judge_classes(decision, item, classes, steady=steady), strict=True):
            result |= dict.fromkeys(codes, judged)
    return dict(sorted(result.items()))


def _judge_classes(
    decision: Decision, item: Item, classes: list[list[int]], *, steady: bool
) -> list[tuple[str | None, str]]:
    judged: list[tuple[str | None, str] | None] = [None] * len(classes)
    stretches = [(0, len(classes) - 1)]
    while stretches:
        first, last = stretches.pop()
        for place in {first, last}:
            judged[place] = judged[place] or _judged_with(decision, item, classes[place][0])
        if steady and judged[first] == judged[last]:
            judged[first : last + 1] = [judged[first]] * (last + 1 - first)
        elif last - first > 1:
            middle = (first + last) // 2
            stretches += [(first, middle), (middle, last)]
    return [result for result in judged if result is not None]


def _judged_with(decision: Decision, item: Item, code: int) -> tuple[str | None, str]:
    plan: Plan = decision.plan
    codes = list(decision.standing.codes)
    codes[item.place] = code
    standing = judge(plan, codes, decision.data["notice"])
    holds = holds_of(plan, standing, decision.data["irregularities"])
    verdict = None if standing.verdict is None else plan.verdicts[standing.verdict]
    return verdict, action_of(plan, standing, holds)


def _lines(data: dict[str, Any]) -> list[str]:
    lines = [
        f"{data['rubric']} {data['version']}, profile {data['profile']}"
        + (" (the weights are an assumption)" if data["assumed"] else ""),
        f"verdict {data['verdict'] or '-'} ({data['status']}), action {data['action']}",
    ]
    if data["score"] is not None:
        margins = ", ".join(f"{margin} to {verdict}" for verdict, margin in data["margins"].items())
        lines.append(f"score {data['score']} = {data['percent']}; margin in percentage points: {margins}")
    if data["determined_by"]:
        lines.append("decided by " + ", ".join(data["determined_by"]))
    lines += [f"  because {reason}" for reason in data["reasons"]]
    lines += [f"capped at {verdict} by {by}" for by, verdict in data["caps"].items()]
    lines += [f"held for a person: {text}" for text in data["holds"].values()]
    if data["awaited"]:
        lines.append("waits for " + ", ".join(data["awaited"]))
    if data["reachable"] is not None:
        lines.append("can still become " + ", ".join(data["reachable"]))
    lines.append("")
    for item in data["items"]:
        flags = f"  [{', '.join(item['flags'])}]" if item["flags"] else ""
        earned = "awaited" if item["item"] in data["awaited"] else f"{item['points']} of {item['best']}"
        lines.append(f"{item['section']}/{item['item']}: {item['outcome']}, {earned}{flags}")
        lines += [f"    {why}" for why in item.get("why", ())]
    if data["verdict"] is not None:
        lines += ["", *_change_lines(data)]
    return lines


def _change_lines(data: dict[str, Any]) -> list[str]:
    changes = data["changes"]
    if not changes:
        return ["No single answer, changed alone, would have changed the verdict or the action."]
    if data["audience"] == "candidate":
        return [
            "Changed alone, an answer to one of these would have changed the result: "
            + ", ".join(c["item"] for c in changes)
        ]
    lines = ["Changed alone, these answers would have changed the result, and no others:"]
    for change in changes:
        names = change["outcomes"]
        more = f" and {len(names) - NAMED_OUTCOMES} more" if len(names) > NAMED_OUTCOMES else ""
        result = f"{change['verdict'] or 'pending'}, {change['action']}"
        lines.append(f"  {change['item']} to {', '.join(names[:NAMED_OUTCOMES])}{more}: {result}")
    return lines
