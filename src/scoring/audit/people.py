"""
What people say of a case, checked before it goes into a log: openings and resolutions.

Owns what may stand in one (`audit/FORMAT.md`, sections 4, 8 and 9), and how all that is wrong with it is told at once. Must not know what is recorded of
the case: that is `course`'s.
"""

from __future__ import annotations

from scoring import canonical
from scoring.audit.draft import Word
from scoring.audit.entry import name_problems
from scoring.audit.fields import ACTIONS, MAX_WHO, MAX_WHY, OPENED_FACTS, is_id, is_text
from scoring.errors import Problem, SubmissionError, did_you_mean

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from scoring.audit.draft import Scorer

__all__ = ["opening", "resolution"]


def opening(rubric: Scorer[Any], case: str, id: str, facts: dict[str, Any]) -> Word:  # noqa: A002
    """
    Make the opening of a case.

    Raises:
        SubmissionError: With every problem.
    """
    problems = name_problems({"case": case, "id": id}, "an opening")
    if type(facts) is not dict:
        problems.append(Problem("opening", "expected an object", path="facts"))
    else:
        unknown = [name for name in facts if name not in OPENED_FACTS]
        said = f"no fact that an opening fixes: these are {', '.join(OPENED_FACTS)}"
        problems += [
            Problem("opening", said, path=f"facts/{name}" if is_id(name) else "facts") for name in unknown[:20]
        ]
        known = {name: value for name, value in facts.items() if name not in unknown}
        refused = _refused_facts(rubric, known)
        panel = known.get("raters")
        if type(panel) is dict and not refused:
            refused = [Problem("opening", said, path="facts/raters") for said in _idle(rubric.pack, known)][:20]
        problems += refused
    if problems:
        raise SubmissionError(problems)
    body = {"level": rubric.level, "pack": rubric.digest, "profile": rubric.profile}
    return Word("opening", id, case, {"facts": facts}, body, rubric)


def _refused_facts(rubric: Scorer[Any], facts: dict[str, Any]) -> list[Problem]:
    """What the rubric itself says of these facts, were they handed in with nothing else; what is not fixed yet may follow."""
    try:
        rubric.score({"answers": {}, "facts": facts})
    except SubmissionError as error:
        places = [f"facts/{name}" for name in facts]
        return [
            problem
            for problem in error.problems
            if any(problem.path == place or problem.path.startswith(place + "/") for place in places)
        ]
    return []


def _idle(pack: bytes, facts: dict[str, Any]) -> Iterator[str]:
    """
    Say why a panel could never rate: all whose role an item needs must, at least as many as it needs and at most its `max`.

    Roles, numbers and items are named, and nobody. Where no variant is fixed, items that belong to one are not looked at.

    Source: docs/reading.md, "What raters say".
    """
    document: Any = canonical.loads_canonical(pack)
    items = [item for stage in document["stages"] for section in stage["sections"] for item in section["items"]]
    rated = [item for item in items if "raters" in item and not item["void"]]
    variant = facts.get("variant")
    mine = [item for item in rated if item["only"] in {None, variant}]
    roles = [*facts["raters"].values()]
    needed = {role for item in (rated if variant is None else mine) for role in item["raters"]["needs"]}
    for role in sorted({*roles} - needed):
        yield f"no item needs the role {role}: the roles are {', '.join(sorted(needed)) or 'none'}"
    for item in mine:
        name, needs, most = item["id"], item["raters"]["needs"], item["raters"]["max"]
        there = {role: roles.count(role) for role in needs}
        for role in sorted(role for role in needs if there[role] < needs[role]):
            later = "leave raters out of the opening where the panel is not known yet"
            yield f"the item {name} needs {needs[role]} of the role {role}, and the panel has {there[role]}; {later}"
        if sum(there.values()) > most:
            yield f"the item {name} takes {most} raters, and the panel has {sum(there.values())} in the roles that it needs"


def resolution(case: str, decision: int | None, id: str, who: str, why: str, clear: dict[str, Any]) -> Word:  # noqa: A002, PLR0917 - as `AuditLog.resolve`
    """
    Make a person's word on a decision.

    Args:
        case: Whose decision.
        decision: Its record; None for the case's newest.
        id: The caller's name for it.
        who: What its disclosure holds.
        why: The same.
        clear: `action`, `reason`, `stage`, `verdict` and `withdraws`, as the record holds them.

    Raises:
        SubmissionError: With every problem.
    """
    problems = name_problems({"case": case, "id": id}, "a resolution")

    def report(path: str, message: str) -> None:
        problems.append(Problem("resolution", message, path=path))

    action = clear["action"]
    if action not in ACTIONS:
        hint = did_you_mean(action, ACTIONS) if type(action) is str else ""
        report("action", f"expected {', '.join(ACTIONS)}{hint}")
    if not is_text(who, MAX_WHO):
        report("who", f"say who decides this, in 1 to {MAX_WHO} characters")
    if not is_text(why, MAX_WHY):
        report("why", f"say why, in 1 to {MAX_WHY} characters")
    if not is_id(clear["reason"]):
        report("reason", "give a code that names nobody, in the form of an id: it stays in the log in clear")
    for name, (owner, fits, expected) in _OWN.items():
        value = clear[name]
        if action == owner and not fits(value):
            report(name, f"{owner} needs {expected}")
        elif action in ACTIONS and action != owner and value is not None:
            report(name, f"goes with {owner} only, and this is {action}: leave it out")
    if problems:
        raise SubmissionError(problems)
    return Word("resolution", id, case, {"who": who, "why": why}, {**clear, "decision": decision}, None)


def _is_seq(value: Any) -> bool:
    return type(value) is int and value >= 0


_OWN = {
    "stage": ("reinstate", is_id, "the stage up to which knock-outs and gates are lifted"),
    "verdict": ("override", is_id, "the verdict that counts instead"),
    "withdraws": ("withdraw", _is_seq, "the record of the resolution that is taken back"),
}
