"""
What must hold between the values of a pack: ids that name something, shares that sum to 1, edges that fall.

Owns the sentences of `audit/FORMAT.md`, section 5, that no table of shapes can say. Must not compute points or verdicts: `plan` checks what only shows when
the pack is laid out.
"""

from __future__ import annotations

from itertools import pairwise
from math import lcm

from scoring import canonical
from scoring.engine.classify import RATED
from scoring.engine.exact import rational
from scoring.engine.ids import is_id
from scoring.engine.ratings import MAX_RATED_CODES, count_outcomes
from scoring.engine.reading import prepare_number, prepare_text
from scoring.engine.shape import ACTIONS, named
from scoring.engine.table import MAX_CODES, OWN
from scoring.errors import Problem, did_you_mean

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from scoring.engine.shape import Report

__all__ = ["MAX_OUTCOMES", "check_names", "count_present", "is_excerpt", "items_of"]

MAX_OUTCOMES = 2**20  # of all items together: a second to prepare and some 150 MB


def check_names(pack: dict[str, Any]) -> list[Problem]:
    """What must hold between the values of a pack of the right shape, before anything is computed from it."""
    problems: list[Problem] = []

    def report(path: str, message: str) -> None:
        problems.append(Problem("pack", message, path=path))

    stages = pack["stages"]
    sections = [section for stage in stages for section in stage["sections"]]
    items = [item for section in sections for item in section["items"]]
    gates = [gate for stage in stages for gate in stage["gate"]]
    for name in ("verdicts", "profiles", "levels", "variants", "competencies", "stages", "assumed"):
        _check_unique(name, [entry["id"] for entry in pack[name]], report)
    _check_unique("overrides", [override["id"] for override in (*gates, *pack["overrides"])], report)
    _check_unique("sections", [section["id"] for section in sections], report)
    _check_unique("items", [item["id"] for item in items], report)
    if len(items) > 1000:
        report("stages", "more than 1,000 items")
    if len(sections) > 50:
        report("stages", "more than 50 sections")
    counts = [_count_outcomes(item) for item in items]
    if sum(counts) > MAX_OUTCOMES:
        report(
            "stages", f"its items have more than {MAX_OUTCOMES:,} outcomes together: take larger steps between marks"
        )
    if len(stages) == 1 and stages[0]["id"] != "main":
        report("stages", 'where there is one stage, it is called "main"')
    if len(pack["variants"]) == 1:
        report("variants", "one variant is none: expected none, or two at least")
    if pack["notice"] is None and '"flag":"fatal"' in canonical.dumps([*gates, *pack["overrides"]]).decode():
        report("overrides", "count the flag fatal, but the rubric has no notice")

    _check_verdicts(pack, gates, report)
    _check_profiles(pack, report)
    _check_competencies(pack, report)
    count = iter(counts)
    for section in sections:
        for index, item in enumerate(section["items"]):
            path = named(f"sections/{section['id']}/items", item, index)
            _check_item(item, path, pack["notice"], report)
            codes = OWN + next(count)
            if item["kind"] in RATED and codes > MAX_RATED_CODES:
                report(path, f"more than {MAX_RATED_CODES:,} codes: fewer raters, or rounder points")
    if not problems:
        _check_gates(pack, report)
    if not problems:
        _check_variants(pack, report)
    return problems


def _check_verdicts(pack: dict[str, Any], gates: list[dict[str, Any]], report: Report) -> None:
    verdicts = [verdict["id"] for verdict in pack["verdicts"]]
    edges = [verdict["from"] for verdict in pack["verdicts"]]
    bands = [rational(edge) for edge in edges if edge is not None]
    if None in edges[: len(bands)] or not bands or bands[-1][0] != 0:
        report("verdicts", "the verdicts with a `from` come first and the last of them is 0")
    if any(high[0] * low[1] <= low[0] * high[1] for high, low in pairwise(bands)):
        report("verdicts", "the `from` of every band must be below the one before it")
    ranks = [ACTIONS.index(verdict["action"]) for verdict in pack["verdicts"]]
    if ranks != sorted(ranks):
        report("verdicts", "an action is better than the action of the verdict before it")
    for path, cap in [
        *((f"caps/{flag}", cap) for flag, cap in pack["caps"].items()),
        *((f"overrides/{override['id']}/cap", override["cap"]) for override in (*gates, *pack["overrides"])),
    ]:
        if cap not in verdicts:
            report(path, f"names no verdict; there are {', '.join(verdicts)}")


def _check_profiles(pack: dict[str, Any], report: Report) -> None:
    ids = {stage["id"]: [section["id"] for section in stage["sections"]] for stage in pack["stages"]}
    if pack["default_profile"] not in [profile["id"] for profile in pack["profiles"]]:
        report("default_profile", "names no profile")
    for profile in pack["profiles"]:
        path = f"profiles/{profile['id']}"
        shares, weights = profile["shares"], profile["stages"]
        if sorted(shares) != sorted(name for own in ids.values() for name in own):
            report(f"{path}/shares", "must name every section, and nothing else")
            continue
        if sorted(weights) != sorted(ids):
            report(f"{path}/stages", "must name every stage, and nothing else")
            continue
        if not _is_whole(weights.values()):
            report(f"{path}/stages", "the weights of the stages do not sum to exactly 1")
        for stage, own in ids.items():
            scored = any(shares[name] != "0" for name in own)
            if scored and not _is_whole(shares[name] for name in own):
                report(f"{path}/shares", f"the shares of stage {stage} do not sum to exactly 1")
            if not scored and weights[stage] != "0":
                report(f"{path}/stages", f"stage {stage} has a weight, but none of its sections has a share")


def _is_whole(shares: Iterable[str]) -> bool:
    pairs = [*map(rational, shares)]
    common = lcm(*(den for _, den in pairs))
    return sum(num * (common // den) for num, den in pairs) == common


def _check_competencies(pack: dict[str, Any], report: Report) -> None:
    levels = [level["id"] for level in pack["levels"]]
    expected = {competency["id"]: competency["expected"] for competency in pack["competencies"]}
    if expected and not levels:
        report("competencies", "there are competencies, but no levels")
    for competency in pack["competencies"]:
        path = f"competencies/{competency['id']}"
        if sorted(competency["expected"]) != sorted(levels):
            report(f"{path}/expected", f"must name every level, and nothing else: {', '.join(levels)}")
        if not {*competency["assumed"]} <= {*levels} or len({*competency["assumed"]}) < len(competency["assumed"]):
            report(f"{path}/assumed", "names no level, or one twice")
    for section in (section for stage in pack["stages"] for section in stage["sections"]):
        for item in section["items"]:
            if item["kind"] != "rating":
                continue
            path, values = f"sections/{section['id']}/items/{item['id']}", [value["id"] for value in item["values"]]
            if item["competency"] is None:
                if item["level_points"] is not None:
                    report(f"{path}/level_points", "needs a competency")
            elif item["competency"] not in expected:
                report(f"{path}/competency", "names no competency")
            elif not {*expected[item["competency"]].values()} <= {*values}:
                report(f"{path}/values", f"lacks a value that competency {item['competency']} expects")


def _check_variants(pack: dict[str, Any], report: Report) -> None:
    variants = [variant["id"] for variant in pack["variants"]] or [None]
    sections = [section for stage in pack["stages"] for section in stage["sections"]]
    for section in sections:
        for item in section["items"]:
            if item["only"] is not None and item["only"] not in variants:
                report(f"sections/{section['id']}/items/{item['id']}/only", "names no variant")
    for variant in variants:
        of = "" if variant is None else f" for variant {variant}"
        present = {section["id"]: [i["id"] for i in items_of(section, variant)] for section in sections}
        for section in sections:
            if is_excerpt(section, variant) and not pack["excerpt"]:
                counts = f"declares {section['declared']} items and has {count_present(section, variant)}{of}"
                report(f"sections/{section['id']}/declared", f"{counts}: an excerpt must be allowed")
        there = {item for own in present.values() for item in own}
        for path, override in _overrides(pack):
            if not _can_hold(override["when"], present, there):
                report(f"{path}/when", f"can never hold{of}, which lacks the items that it asks for")


def items_of(section: dict[str, Any], variant: str | None) -> list[dict[str, Any]]:
    """The items of a section that count for a variant. Source: FORMAT.md 5."""
    return [item for item in section["items"] if not item["void"] and item["only"] in (None, variant)]


def count_present(section: dict[str, Any], variant: str | None) -> int:
    """How many items of a section a candidate of a variant meets; one that was voided afterwards is there. Source: FORMAT.md 5."""
    return sum(item["only"] in (None, variant) for item in section["items"])


def is_excerpt(section: dict[str, Any], variant: str | None) -> bool:
    """Whether a section has fewer items than it declares."""
    return section["declared"] is not None and section["declared"] > count_present(section, variant)


def _overrides(pack: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    gates = [(f"stages/{stage['id']}/gate", gate) for stage in pack["stages"] for gate in stage["gate"]]
    return [(f"{path}/{override['id']}", override) for path, override in gates] + [
        (f"overrides/{override['id']}", override) for override in pack["overrides"]
    ]


def _can_hold(when: dict[str, Any], present: dict[str, list[str]], there: set[str]) -> bool:
    """Whether a condition can hold for a variant, given its items. What names nothing at all is reported elsewhere."""
    if "all" in when:
        return all(_can_hold(inner, present, there) for inner in when["all"])
    if "any" in when:
        return any(_can_hold(inner, present, there) for inner in when["any"])
    if "section" in when:
        return bool(present.get(when["section"], True))
    return "item" not in when or when["item"] in there


def _check_gates(pack: dict[str, Any], report: Report) -> None:
    """A gate asks for nothing that comes after it; and no condition asks for the share of a stage without one."""
    place: dict[tuple[str, str], int] = {}
    for n, stage in enumerate(pack["stages"]):
        place["stage", stage["id"]] = n
        for section in stage["sections"]:
            place["section", section["id"]] = n
            place |= {("item", item["id"]): n for item in section["items"]}
    unscored = {
        stage["id"]
        for stage in pack["stages"]
        for profile in pack["profiles"]
        if all(profile["shares"][section["id"]] == "0" for section in stage["sections"])
    }
    gates = [(stage["id"], gate["id"]) for stage in pack["stages"] for gate in stage["gate"]]
    for path, override in _overrides(pack):
        own = next((stage for stage, gate in gates if gate == override["id"]), None)
        for kind, name in _asked(override["when"]):
            if (kind, name) not in place:
                report(path, f'names no {kind}: "{name}"{did_you_mean(name, [n for k, n in place if k == kind])}')
            elif own is not None and place[kind, name] > place["stage", own]:
                report(path, f"the gate of stage {own} asks for {kind} {name}, which comes later")
            elif kind == "stage" and name in unscored:
                report(path, f"asks for the share of stage {name}, which has none")


def _asked(when: dict[str, Any]) -> Iterable[tuple[str, str]]:
    for inner in (*when.get("all", ()), *when.get("any", ())):
        yield from _asked(inner)
    yield from ((kind, when[kind]) for kind in ("stage", "section", "item") if kind in when)


def _check_unique(path: str, ids: Iterable[str], report: Report) -> None:
    seen: set[str] = set()
    for name in ids:
        if name in seen:
            report(path, f'the id "{name}" stands twice')
        seen.add(name)


def _check_item(item: dict[str, Any], path: str, notice: str | None, report: Report) -> None:
    for parts in ("options", "keys", "values", "lines"):
        _check_unique(f"{path}/{parts}", [part["id"] for part in item.get(parts, ())], report)
    flags = [part["flag"] for parts in ("options", "keys") for part in item.get(parts, ())]
    if "fatal" in flags and notice is None:
        report(path, "has a fatal option, but the rubric has no notice")
    if ("knock_out" in flags or item["kind"] in ("mark", *RATED)) and len(item["awaits"]) < 3:
        message = "what people rate or mark, and an item with a knock-out option, awaits absent, blank and invalid"
        report(f"{path}/awaits", message)
    if item["kind"] in RATED:
        _check_rated(item, path, report)
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


def _check_rated(item: dict[str, Any], path: str, report: Report) -> None:
    rules, records = item["raters"], item["records"]
    if not all(map(is_id, rules["needs"])):
        report(f"{path}/raters/needs", "a role is called by an id")
    if sum(rules["needs"].values()) > rules["max"]:
        report(f"{path}/raters/max", "fewer than the ratings that it needs")
    for names in (("positive", "negative"), *((name,) for name in records)):
        _check_unique(f"{path}/records/{names[0]}", [r["id"] for name in names for r in records[name]], report)
    if item["kind"] == "rating":
        points = [value["points"] for value in item["values"]]
        by_level = item["level_points"]
        if any(_above(low, high) for low, high in pairwise(points)):
            report(f"{path}/values", "the points fall from one value to a better one")
        if by_level is not None:
            if _above(by_level["below"], by_level["at"]) or _above(by_level["at"], by_level["above"]):
                report(f"{path}/level_points", "the points fall from one place to a better one")
            if rules["combine"] == "mean":
                report(f"{path}/raters/combine", "mean needs points of the values' own, not by level")
            if any(point != "0" for point in points):
                report(f"{path}/values", "with points by level, the values have 0")


def _count_outcomes(item: dict[str, Any]) -> int:
    """How many outcomes an item has of its own, at most."""
    if item["kind"] == "mark":
        (top, top_den), (step, step_den) = rational(item["max"]), rational(item["step"])
        return top * step_den // (top_den * step) + 1
    if item["kind"] == "selection":
        return 1 << len(item["options"])
    if item["kind"] in RATED:
        return min(count_outcomes(item), MAX_RATED_CODES)
    return 2 * len(item.get("options", item.get("keys", ()))) + 3


def _above(left: str, right: str) -> bool:
    (a, b), (c, d) = rational(left), rational(right)
    return a * d > c * b
