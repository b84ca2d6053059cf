"""
The whole story of a decision, built only when somebody asks.

Owns what an auditor and a candidate are told: item by item what was earned and raised, how far the score is from each cut, and which single answers,
changed alone, would have changed the verdict or the action. Everything comes from the outcomes and the pack. Must not compute a verdict of its own: it
asks `judge`.
"""

from __future__ import annotations

from scoring.canonical import dumps
from scoring.engine.conditions import outcome_truths
from scoring.engine.decision import Decision
from scoring.engine.exact import spell
from scoring.engine.judge import action_of, holds_of, judge
from scoring.engine.remarks import remarks
from scoring.engine.shape import ACTIONS
from scoring.engine.table import EXCLUDED, OWN, UNOPENED, flags_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from fractions import Fraction
    from typing import Any

    from scoring.engine.parts import Item
    from scoring.engine.plan import Plan

__all__ = ["AUDIENCES", "Explanation", "explain"]

AUDIENCES = ("auditor", "candidate")
NAMED_OUTCOMES = 5  # in a line of text; `data` holds them all

_HELD = {
    "excluded": "a question that could have ended or capped the case was not administered",
    "void": "the sitting was made void",
    "excerpt": "the rubric is an excerpt: some of its sections have fewer items than they declare",
    "refer": "an answer, or several chosen together, is marked for a person to look at",
    "verdict": "this verdict always goes to a person",
    "irregularity": "something went wrong in the administration",
    "notice": "an answer is marked fatal, but there is no proof that the candidate was told beforehand; the mark by itself caps nothing",
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


def explain(decision: Decision, audience: str = "auditor", submission: dict[str, Any] | None = None) -> Explanation:
    """
    Tell why a decision is what it is.

    Args:
        decision: From `Rubric.score`, or `AuditLog.decision`; what `AuditLog.decide` returns holds one as `decision`.
        audience: ``auditor`` is told everything; ``candidate`` never a key, a rater's name, what another answer would have to be, nor a question
            still to come.
        submission: What was scored, if it is at hand: then an auditor is also told every single rating, what is of note in the forms, how far raters
            agree, and where a time limit was passed.

    Raises:
        ValueError: No such audience.
        TypeError: No decision.

    Source: DESIGN 5 and 8.
    """
    if audience not in AUDIENCES:
        raise ValueError(f"audience must be one of {', '.join(AUDIENCES)}")
    if not isinstance(decision, Decision):
        raise TypeError("explain takes a Decision; what AuditLog.decide returns holds one as `.decision`")
    full = audience == "auditor"
    plan, standing = decision.plan, decision.standing
    reasons = decision.reasons
    lost = {reason.item: reason.lost for reason in reasons if reason.code == "lost"}
    data: dict[str, Any] = {
        "audience": audience,
        "rubric": plan.pack["rubric"],
        "version": plan.pack["version"],
        "profile": plan.profile,
        "level": plan.level,
        "variant": decision.variant,
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
        "excerpts": decision.data["excerpts"],
        "irregularities": decision.data["irregularities"],
        "reinstate": decision.data["reinstate"],
        "void": decision.void,
        "stages": {
            stage: {"status": status, "share": None if share is None else str(share)}
            for stage, (status, share) in decision.stages.items()
        },
        "competencies": [
            {"competency": c.competency, "item": c.item, "expected": c.expected, "observed": c.observed, "gap": c.gap}
            for c in decision.competencies
        ],
        "sections": {
            section.id: {"earned": spell(earned, section.unit), "maximum": spell(maximum, section.unit)}
            for section, earned, maximum in zip(plan.sections, standing.earned, standing.maxima, strict=True)
        },
        "items": [
            _item(decision, item, lost.get(item.id), full=full)
            for item in plan.items
            if full or not (item.place in standing.frame.outside or standing.codes[item.place] == UNOPENED)
        ],
        "reasons": [reason.text for reason in reasons if reason.code != "lost"],
        "lost": [reason.text for reason in reasons if reason.code == "lost"],
        "changes": _changes(decision, full=full),
    }
    if full:
        data["decision"] = decision.data
        gates = [(f"gate:{gate['id']}", gate) for stage in plan.pack["stages"] for gate in stage["gate"]]
        overrides = [(f"override:{override['id']}", override) for override in plan.pack["overrides"]]
        data["overrides"] = [override for by, override in (*gates, *overrides) if by in decision.caps]
        if submission is not None:
            data["remarks"] = remarks(plan, decision.standing.frame.outside, submission)
    return Explanation(audience, data)


def _item(decision: Decision, item: Item, lost: Fraction | None, *, full: bool) -> dict[str, Any]:
    code = decision.standing.codes[item.place]
    unit = decision.plan.sections[item.section].unit
    about = item.data["about"]
    picked = _picked(item, code)
    flags = flags_of(item.words[code])
    entry: dict[str, Any] = {
        "item": item.id,
        "question": item.place + 1,
        "section": decision.plan.sections[item.section].id,
        "stage": decision.plan.stages[decision.plan.sections[item.section].stage].id,
        "outside": item.place in decision.standing.frame.outside,
        "title": about.get("title", about.get("ask", item.id)),
        "outcome": item.name(code) if full else _outcome_for_candidate(item, code),
        "points": spell(item.points[code], unit),
        "best": spell(item.best, unit),
        "flags": list(flags),
        "lost": None if decision.data["score"] is None else str(lost or 0),
    }
    # A candidate is told why an answer was flagged, and no other reason: it could give a key away.
    said = [part["about"].get("why", []) for part in picked if full or part["flag"]]
    why = [text for texts in said for text in ([texts] if type(texts) is str else texts)]
    if why:
        entry["why"] = why
    if full:
        entry |= {key: about[key] for key in ("audit_note", "origin", "assumption", "job_related") if key in about}
    return entry


def _outcome_for_candidate(item: Item, code: int) -> str:
    """What a candidate may know: which options it chose, but not which of several keys it met."""
    if code < OWN or item.data["kind"] not in {"number", "text"}:
        return item.name(code)
    if item.points[code] > 0:
        return "accepted" if item.points[code] == item.best else "accepted in part"
    if item.data["kind"] == "number" and item.unclear is not None and code >= item.unclear:
        return item.name(code)  # unclear, no_digits
    return "not accepted"


def _picked(item: Item, code: int) -> list[dict[str, Any]]:
    """The options that were chosen, or the key that was met."""
    parts: list[dict[str, Any]] = item.data.get("options", item.data.get("keys", []))
    place = code - OWN
    if place < 0 or not parts:
        return []
    if item.data["kind"] == "selection":
        return [part for bit, part in enumerate(parts) if place + 1 >> bit & 1]
    if item.data["kind"] == "number" and item.unclear is not None and code < item.unclear - 1:
        return [parts[place % len(parts)]]
    return parts[place : place + 1]


def _changes(decision: Decision, *, full: bool) -> list[dict[str, Any]]:
    """Which single answers, changed alone, would have changed the verdict or the action; a candidate is told only of better ones."""
    if decision.verdict is None:
        return []
    changes: list[dict[str, Any]] = []
    for item in decision.plan.items:
        if decision.standing.codes[item.place] in {EXCLUDED, UNOPENED}:
            continue
        others = _alternatives(decision, item)
        if not full:
            now = decision.standing.codes[item.place]
            better = (came for code, came in others.items() if _is_better_answer(item, code, now))
            changes += [{"item": item.id}] * any(_is_better(decision, *came) for came in better)
            continue
        to: dict[tuple[str | None, str], list[str]] = {}
        for code, (verdict, action) in others.items():
            if (verdict, action) != (decision.verdict, decision.action):
                to.setdefault((verdict, action), []).append(item.name(code))
        changes += [
            {"item": item.id, "verdict": verdict, "action": action, "outcomes": names}
            for (verdict, action), names in to.items()
        ]
    return changes


def _is_better_answer(item: Item, code: int, now: int) -> bool:
    """Whether an outcome is a better answer: it earns more; or as much, without the flag that it now has. What only sends a case to a person is none."""
    if item.points[code] != item.points[now]:
        return item.points[code] > item.points[now]
    return code >= OWN and bool(item.words[now]) and not item.words[code]


def _is_better(decision: Decision, verdict: str | None, action: str) -> bool:
    """Whether a result is better for the candidate than the decision's: in its verdict, or with the same verdict in its action."""
    if verdict is None or decision.verdict is None:
        return False
    order = decision.plan.verdicts
    place, now = order.index(verdict), order.index(decision.verdict)
    return place < now or (place == now and ACTIONS.index(action) < ACTIONS.index(decision.action))


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
    # Across stages nothing of the kind holds: passing one opens the next.
    steady = len(plan.stages) == 1 and all(standing.codes[place] != code for place, code in plan.unclear)
    result: dict[int, tuple[str | None, str]] = {}
    for by_points in groups.values():
        classes = [codes for _, codes in sorted(by_points.items())]
        for codes, judged in zip(classes, _judge_classes(decision, item, classes, steady=steady), strict=True):
            result |= dict.fromkeys(codes, judged)
    return dict(sorted(result.items(), key=lambda entry: (entry[0] < OWN, entry[0])))


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
    standing = judge(plan, codes, decision.standing.around)
    holds = holds_of(plan, standing)
    verdict = None if standing.verdict is None else plan.verdicts[standing.verdict]
    return verdict, action_of(plan, standing, holds)


def _lines(data: dict[str, Any]) -> list[str]:
    chosen = [f"{key} {data[key]}" for key in ("profile", "level", "variant") if data[key] is not None]
    lines = [f"{data['rubric']} {data['version']}, {', '.join(chosen)}"]
    if data["assumed"]:
        lines.append("assumed: " + ", ".join(data["assumed"]))
    lines.append(f"verdict {data['verdict'] or '-'} ({data['status']}), action {data['action']}")
    if data["score"] is not None:
        margins = ", ".join(f"{margin} to {verdict}" for verdict, margin in data["margins"].items())
        lines.append(f"score {data['score']} = {data['percent']}; margin in percentage points: {margins}")
    if len(data["stages"]) > 1:
        lines += [
            f"stage {name}: {stage['status'].replace('_', ' ')}"
            + (f", share {stage['share']}" if stage["share"] else "")
            for name, stage in data["stages"].items()
        ]
    if data["determined_by"]:
        lines.append("decided by " + ", ".join(data["determined_by"]))
    lines += [f"  because {reason}" for reason in data["reasons"]]
    lines += [f"capped at {verdict} by {by}" for by, verdict in data["caps"].items()]
    lines += [f"  {override['id']}: {dumps(override['when']).decode()}" for override in data.get("overrides", ())]
    lines += [f"held for a person: {text}" for text in data["holds"].values()]
    lines += [f"  {section}: {here} of {declared} items" for section, (here, declared) in data["excerpts"].items()]
    if data["reinstate"] is not None:
        lines.append(f"reinstated up to stage {data['reinstate']['stage']}: {data['reinstate']['reason']}")
    if data["awaited"]:
        lines.append(("was still open: " if data["status"] == "ended" else "waits for ") + ", ".join(data["awaited"]))
    if data["reachable"] is not None:
        lines.append("can still become " + ", ".join(data["reachable"]))
    lines += [
        f"{c['competency']}: observed {c['observed'] or '-'}, expected {c['expected']}"
        + (f", gap {c['gap']:+d}" if c["gap"] else "")
        for c in data["competencies"]
    ]
    lines += ["", *map(_item_line, _with_awaited(data))]
    if data["lost"]:
        lines += ["", "points lost, each as what its best answer alone would have added to the score:"]
        lines += [f"  {text}" for text in data["lost"]]
    if data.get("remarks"):
        lines += ["", "of note in what was handed in; none of it was scored:"]
        lines += [f"  {remark}" for remark in data["remarks"]]
    if data["verdict"] is not None:
        lines += ["", *_change_lines(data)]
    return lines


def _with_awaited(data: dict[str, Any]) -> list[dict[str, Any]]:
    return [item | {"open": item["item"] in data["awaited"]} for item in data["items"] if not item["outside"]]


def _item_line(item: dict[str, Any]) -> str:
    place = f"{item['question']}. {item['section']}/{item['item']}: "
    if item["outcome"] == "excluded":
        return place + "not administered"
    if item["outcome"] == "unopened":
        return place + ("awaited" if item["open"] else "not evaluated")
    earned = "awaited" if item["open"] else f"{item['points']} of {item['best']}"
    flags = f"  [{', '.join(item['flags'])}]" if item["flags"] else ""
    return "\n    ".join([f"{place}{item['outcome']}, {earned}{flags}", *item.get("why", ())])


def _change_lines(data: dict[str, Any]) -> list[str]:
    changes = data["changes"]
    if data["audience"] == "candidate":
        if not changes:
            return ["No better answer to a single question would alone have given a better result."]
        return [
            "A better answer to one of these alone would have given a better result: "
            + ", ".join(c["item"] for c in changes)
        ]
    if not changes:
        return ["No single answer, changed alone, would have changed the verdict or the action."]
    lines = [
        "Changed alone, these answers would have changed the result (outcomes that would themselves be awaited are not listed):"
    ]
    for change in changes:
        names = change["outcomes"]
        more = f" and {len(names) - NAMED_OUTCOMES} more" if len(names) > NAMED_OUTCOMES else ""
        result = f"{change['verdict'] or 'pending'}, {change['action']}"
        lines.append(f"  {change['item']} to {', '.join(names[:NAMED_OUTCOMES])}{more}: {result}")
    return lines
