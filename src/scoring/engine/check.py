"""
What must hold between the values of a pack: ids that name something, shares that sum to 1, edges that fall.

Owns the sentences of `audit/FORMAT.md`, section 5, that no table of shapes can say. Must not compute points or verdicts: `plan` checks what only shows when
the pack is laid out.
"""

from __future__ import annotations

from itertools import pairwise
from math import lcm

from scoring import canonical
from scoring.engine.classify import MAX_CODES, OWN
from scoring.engine.exact import rational
from scoring.engine.reading import prepare_number, prepare_text
from scoring.engine.shape import ACTIONS, named
from scoring.errors import Problem

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from scoring.engine.shape import Report

__all__ = ["MAX_OUTCOMES", "check_names"]

MAX_OUTCOMES = 2**20  # of all items together: a second to prepare and some 150 MB


def check_names(pack: dict[str, Any]) -> list[Problem]:
    """What must hold between the values of a pack of the right shape, before anything is computed from it."""
    problems: list[Problem] = []

    def report(path: str, message: str) -> None:
        problems.append(Problem("pack", message, path=path))

    sections = [section for stage in pack["stages"] for section in stage["sections"]]
    items = [item for section in sections for item in section["items"]]
    verdicts = [verdict["id"] for verdict in pack["verdicts"]]
    _check_unique("verdicts", verdicts, report)
    _check_unique("profiles", [profile["id"] for profile in pack["profiles"]], report)
    _check_unique("overrides", [override["id"] for override in pack["overrides"]], report)
    _check_unique("sections", [section["id"] for section in sections], report)
    _check_unique("items", [item["id"] for item in items], report)
    if len(items) > 1000:
        report("stages", "more than 1,000 items")
    if sum(map(_count_outcomes, items)) > MAX_OUTCOMES:
        report(
            "stages", f"its items have more than {MAX_OUTCOMES:,} outcomes together: take larger steps between marks"
        )

    edges = [verdict["from"] for verdict in pack["verdicts"]]
    bands = [rational(edge) for edge in edges if edge is not None]
    if None in edges[: len(bands)] or not bands or bands[-1][0] != 0:
        report("verdicts", "the verdicts with a `from` come first and the last of them is 0")
    if any(high[0] * low[1] <= low[0] * high[1] for high, low in pairwise(bands)):
        report("verdicts", "the `from` of every band must be below the one before it")
    ranks = [ACTIONS.index(verdict["action"]) for verdict in pack["verdicts"]]
    if ranks != sorted(ranks):
        report("verdicts", "an action is better than the action of the verdict before it")
    if [stage["id"] for stage in pack["stages"]] != ["main"]:
        report("stages", 'the one stage is called "main"')
    if pack["notice"] is None and '"flag":"fatal"' in canonical.dumps(pack["overrides"]).decode():
        report("overrides", "count the flag fatal, but the rubric has no notice")
    for path, cap in [
        *((f"caps/{flag}", cap) for flag, cap in pack["caps"].items()),
        *((f"overrides/{override['id']}/cap", override["cap"]) for override in pack["overrides"]),
    ]:
        if cap not in verdicts:
            report(path, f"names no verdict; there are {', '.join(verdicts)}")

    ids = [section["id"] for section in sections]
    for profile in pack["profiles"]:
        path = f"profiles/{profile['id']}/shares"
        if sorted(profile["shares"]) != sorted(ids):
            report(path, "must name every section, and nothing else")
        shares = [rational(share) for share in profile["shares"].values()]
        common = lcm(*(den for _, den in shares))
        if sum(num * (common // den) for num, den in shares) != common:
            report(path, "the shares do not sum to exactly 1")
    if pack["default_profile"] not in [profile["id"] for profile in pack["profiles"]]:
        report("default_profile", "names no profile")
    for section in sections:
        for index, item in enumerate(section["items"]):
            _check_item(item, named(f"sections/{section['id']}/items", item, index), pack["notice"], report)
    return problems


def _check_unique(path: str, ids: Iterable[str], report: Report) -> None:
    seen: set[str] = set()
    for name in ids:
        if name in seen:
            report(path, f'the id "{name}" stands twice')
        seen.add(name)


def _check_item(item: dict[str, Any], path: str, notice: str | None, report: Report) -> None:
    parts = "options" if "options" in item else "keys"
    flags = [part["flag"] for part in item.get(parts, ())]
    _check_unique(f"{path}/{parts}", [part["id"] for part in item.get(parts, ())], report)
    if "fatal" in flags and notice is None:
        report(path, "has a fatal option, but the rubric has no notice")
    if ("knock_out" in flags or item["kind"] == "mark") and len(item["awaits"]) < 3:
        report(f"{path}/awaits", "a mark, and an item with a knock-out option, awaits absent, blank and invalid")
    if item["kind"] == "selection" and not any(option["right"] for option in item["options"]):
        report(f"{path}/options", "no option is right")
    for key in item.get("keys", ()):
        if _above(key["points"], item["points"]):
            report(f"{path}/keys/{key['id']}/points", "more than the item's points")
        if item["kind"] == "number" and _above(key["low"], key["high"]):
            report(f"{path}/keys/{key['id']}", "low is above high")
    if item["kind"] == "number":
        for unit in map(prepare_number, item["units"]):
            if not unit or unit[0].isspace() or unit[0] in "0123456789.,-":
                report(f"{path}/units", "a unit begins with no digit, white space, sign, point or comma")
    if item["kind"] == "text":
        for key in item["keys"]:
            if not all(prepare_text(text, item["steps"]).strip() for text in key["texts"]):
                report(f"{path}/keys/{key['id']}/texts", "a text in which nothing is left to look for")
    if item["kind"] == "text" and item["steps"] != [s for s in ("trim", "collapse", "casefold") if s in item["steps"]]:
        report(f"{path}/steps", "each step at most once, in the order trim, collapse, casefold")
    if item["kind"] == "mark":
        (top, top_den), (step, step_den) = rational(item["max"]), rational(item["step"])
        steps, rest = divmod(top * step_den, top_den * step)
        if rest:
            report(f"{path}/step", "max is not a whole number of steps")
        elif steps + 1 + OWN > MAX_CODES:
            report(f"{path}/step", f"more than {MAX_CODES - OWN:,} marks: take larger steps")


def _count_outcomes(item: dict[str, Any]) -> int:
    """How many outcomes an item has of its own, at most."""
    if item["kind"] == "mark":
        (top, top_den), (step, step_den) = rational(item["max"]), rational(item["step"])
        return top * step_den // (top_den * step) + 1
    if item["kind"] == "selection":
        return 1 << len(item["options"])
    return 2 * len(item.get("options", item.get("keys", ()))) + 3


def _above(left: str, right: str) -> bool:
    (a, b), (c, d) = rational(left), rational(right)
    return a * d > c * b
