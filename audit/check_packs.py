"""
Check every pack of a log against FORMAT.md 5, row by row.

    python3 -I -S check_packs.py DIR

Written from FORMAT.md alone; Python 3.9 or newer, standard library only. It reads packs/ and nothing else: which record
cites which pack is checked by verify.py, what follows from a pack by recompute.py, both beside it. Exit status: 0 all
obey; 1 one does not; 2 the call is wrong; 3 something could not be checked.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections import Counter
from fractions import Fraction
from functools import reduce
from hashlib import sha256
from itertools import accumulate
from math import lcm
from pathlib import Path
from typing import Any, NamedTuple

Row = tuple[str, Fraction, frozenset[str]]  # one outcome of an item: its name, what it earns, what it raises
PACK_MAX, CODES_MAX, RATED_MAX, OUTCOMES_MAX, FILES_MAX = 4 << 20, 64**3, 64**2, 1 << 20, 10_000
COMMON = ["absent", "blank", "invalid", "excluded", "unopened"]  # codes 0 to 4 of every item
RESERVED = {*COMMON, "several", "several_flagged", "wrong", "unclear", "no_digits", "awaited", "given"}
KINDS = ["choice", "selection", "number", "text", "mark", "rating", "checklist", "evidence"]
RECORDS = "conduct constraints criteria deliverables evidence ground_rules negative positive tensions"
PACK = "about assumed caps competencies default_profile excerpt format levels notice overrides profiles rubric stages"
FLAGS, ZERO, TINY, HUGE = ["fatal", "knock_out", "refer", "note"], Fraction(0), Fraction(1, 10**12), Fraction(10**12)
MALFORMED = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)


class Names(NamedTuple):
    """What a condition may name: items, with their rows at each level, sections and stages."""

    rows: dict[str, list[list[Row]]]
    sections: list[str]
    stages: list[str]


class PackError(ValueError):
    """What row of FORMAT.md 5 a pack breaks."""


def need(condition: object, what: str) -> None:
    """Refuse what breaks a row."""
    if not condition:
        raise PackError(what)


def rational(text: Any, low: Fraction | int = -HUGE, high: Fraction | int = HUGE) -> Fraction:
    """Return a number: in lowest terms (FORMAT.md 1), of at most 12 digits, in low..high."""
    need(isinstance(text, str) and len(text) <= 26 and set(text) <= set("0123456789/-"), "a rational")
    value = Fraction(text)
    need(str(value) == text and max(abs(value.numerator), value.denominator) < HUGE, "a rational of 12 digits")
    need(low <= value <= high, "the range of a rational")
    return value


def strings(values: Any, low: int, high: int, longest: int) -> list[str]:
    """Return a list of `low` to `high` strings of 1 to `longest` characters."""
    need(isinstance(values, list) and low <= len(values) <= high, "the length of a list of strings")
    need(all(isinstance(value, str) and 0 < len(value) <= longest for value in values), "a list of strings")
    return list(values)


def known(name: Any, names: Any, what: str) -> Any:
    """Return a string that is one of these."""
    need(isinstance(name, str) and name in names, what)
    return name


def whole(value: Any, low: int, high: int, what: str) -> int:
    """Return an integer in low..high."""
    need(type(value) is int and low <= value <= high, what)
    return int(value)


def identifier(name: Any, place: bool = False) -> None:
    """Refuse what is no id; or no place, which is an id or two with a slash between them."""
    parts = name.split("/") if place and isinstance(name, str) else [name]
    well = all(isinstance(part, str) and re.fullmatch("[A-Za-z0-9._-]{1,48}", part) for part in parts)
    need(well and len(parts) <= 2, "an id")


def table(rows: Any, keys: str, what: str, low: int = 1, high: int = 1, *, place: bool = False) -> Any:
    """Return a list of `low` to `high` objects that have exactly these keys, and no id, or place, twice."""
    need(isinstance(rows, list) and low <= len(rows) <= high, f"how many of {what}")
    need(all(isinstance(row, dict) and sorted(row) == sorted(keys.split()) for row in rows), f"the keys of {what}")
    for row in rows:
        need(isinstance(row["about"], dict), f"`about` of {what}")
        for value in row["about"].values():
            listed = isinstance(value, list) and all(isinstance(text, str) for text in value)
            need(listed or isinstance(value, str), f"`about` of {what}")
    for name in [row["id"] for row in rows if "id" in row]:
        identifier(name, place)
    need(len({row.get("id") for row in rows}) == len(rows), f"an id of {what} stands twice")
    return rows


def people(raters: Any) -> range:
    """Check an item's raters and return how many ratings may come together."""
    need(isinstance(raters, dict) and sorted(raters) == ["combine", "max", "needs"], "the keys of raters")
    known(raters["combine"], ["median", "mean", "lowest", "consensus"], "`combine`")
    need(isinstance(raters["needs"], dict) and 1 <= len(raters["needs"]) <= 20, "`needs`")
    for role, number in raters["needs"].items():
        identifier(role)
        whole(number, 1, 20, "`needs`")
    least = sum(raters["needs"].values())
    return range(least, 1 + whole(raters["max"], least, 20, "`max` of raters"))


def records(lists: Any) -> None:
    """Check what raters tick beside a rating."""
    need(isinstance(lists, dict) and sorted(lists) == RECORDS.split(), "the keys of records")
    for name, entries in lists.items():
        table(entries, "about id", f"`{name}` of records", 0, 50)
    table(lists["positive"] + lists["negative"], "about id", "positive and negative together", 0, 100)


def plus(left: set[int], right: set[int]) -> set[int]:
    """Return every sum of two numbers."""
    found = {old + new for new in right for old in left}
    need(len(found) <= RATED_MAX, "how many codes a rating or checklist has")
    return found


def sums(kind: str, points: list[Fraction], mean: bool, counts: range) -> list[Fraction]:
    """Return what a checklist's lines, or the mean of a rating's values, come to, smallest first (FORMAT.md 7)."""
    unit = lcm(*[one.denominator for one in points]) * lcm(*range(1, 21))  # sums of integers are quick
    wholes = [int(one * unit) for one in points]
    if kind == "checklist":
        parts = {Fraction(j, k) for k in counts for j in range(k + 1)} if mean else {Fraction(0), Fraction(1)}
        found = reduce(plus, [{int(one * part) for part in parts} for one in wholes], {0})
        return sorted(Fraction(one, unit) for one in found)
    means = enumerate(accumulate([set(wholes)] * counts[-1], plus), 1)
    return sorted({Fraction(one, unit * k) for k, found in means if k in counts for one in found})


def rated(item: dict[str, Any], competencies: dict[str, Any], level: str | None) -> list[Any]:
    """Check a rating or checklist and return what it comes to at a level, with name and points."""
    kind, counts = item["kind"], people(item["raters"])
    mean = item["raters"]["combine"] == "mean"
    records(item["records"])
    if kind == "checklist":
        listed = table(item["lines"], "about id points", "lines", 1, 50)
        return [
            (str(one), one, set()) for one in sums(kind, [rational(line["points"], 0) for line in listed], mean, counts)
        ]
    listed, by = table(item["values"], "about id points", "values", 2, 20), item["level_points"]
    names, points = [value["id"] for value in listed], [rational(value["points"]) for value in listed]
    need(points == sorted(points), "values whose points fall")
    if item["competency"] is not None:
        expected = competencies[known(item["competency"], competencies, "`competency`")]["expected"]
        need(all(value in names for value in expected.values()), "an expected value that the rating has not")
    if by is not None:
        need(isinstance(by, dict) and sorted(by) == ["above", "at", "below"], "`level_points`")
        earned = [rational(by[where]) for where in ("below", "at", "above")]
        need(earned == sorted(earned) and not any(points), "the order of `level_points`, or points beside them")
        need(item["competency"] is not None and not mean, "`level_points` without a competency, or with mean")
        at = names.index(expected[level])
        points = [earned[(n >= at) + (n > at)] for n in range(len(names))]
    if mean:
        return [(str(one), one, set()) for one in sums(kind, points, mean, counts)]
    return [(name, points[n], set()) for n, name in enumerate(names)]


def outcomes_of(item: dict[str, Any], competencies: dict[str, Any], level: str | None = None) -> list[Row]:
    """Check an item and return its outcomes at a level in the order of their codes (FORMAT.md 7)."""
    kind = known(item["kind"], KINDS, "`kind`")
    keys, full, own = "about awaits floor id kind only void ", rational(item.get("points", "1"), TINY), []
    if kind == "choice":
        table([item], keys + "options", "a choice", place=True)
        listed = table(item["options"], "about flag id points", "options", 2, 100)
        grave = [option["flag"] in FLAGS[:3] for option in listed]
        own += [(option["id"], rational(option["points"]), {option["flag"]}) for option in listed]
        own += [("several", ZERO, set())] * (not all(grave)) + [("several_flagged", ZERO, {"refer"})] * any(grave)
    elif kind == "selection":
        table([item], keys + "mode options points", "a selection", place=True)
        listed = table(item["options"], "about flag id right", "options", 2, 11)
        need(all(isinstance(option["right"], bool) for option in listed), "`right`")
        n, c = len(listed), sum(option["right"] for option in listed)
        need(c, "an option that is right")
        known(item["mode"], ["exact", "net", "coverage", "each"], "`mode`")
        for code in range(1, 2**n):
            chosen = [option for i, option in enumerate(listed) if code & 2**i]
            r = sum(option["right"] for option in chosen)
            w = len(chosen) - r
            net, each = max(ZERO, Fraction(r - w, c)), Fraction(r + n - c - w, n)
            share = {"exact": int(r == c and w == 0), "net": net, "coverage": Fraction(r, c) * (w == 0), "each": each}
            flags = {option["flag"] for option in chosen}
            own.append(("+".join(option["id"] for option in chosen), share[item["mode"]] * full, flags))
    elif kind == "mark":
        table([item], keys + "max points step", "a mark", place=True)
        listed, step, top = [], rational(item["step"], TINY), rational(item["max"], TINY)
        need((top / step).denominator == 1 and top / step < CODES_MAX, "max / step")
        own += [(str(n * step), n * full * step / top, set()) for n in range(int(top / step) + 1)]
    elif kind in {"rating", "checklist"}:
        more = "competency level_points raters records values" if kind == "rating" else "lines raters records"
        table([item], keys + more, f"a {kind}", place=True)
        own += rated(item, competencies, level)
        own += [(name + "+noted", points, {"note"}) for name, points, _ in own] + [("awaited", ZERO, set())]
        listed = item["values" if kind == "rating" else "lines"]
        need(len(own) + len(COMMON) <= RATED_MAX, "how many codes a rating or checklist has")
    elif kind == "evidence":
        table([item], keys, "an evidence", place=True)
        listed, own = [], [("given", ZERO, set())]
    else:
        number = kind == "number"
        table(
            [item],
            keys + ("keys points read separators units" if number else "keys points steps"),
            f"a {kind}",
            place=True,
        )
        more = "high low" if number else "match texts"
        listed = table(item["keys"], "about flag id points " + more, "keys", 1, 50)
        own += [(key["id"], rational(key["points"], high=full), {key["flag"]}) for key in listed]
        if number:
            need(all(rational(key["low"]) <= rational(key["high"]) for key in listed), "`low` and `high`")
            need(set(strings(item["separators"], 0, 3, 1)) <= set(",' "), "`separators`")
            units = strings(item["units"], 0, 20, 24)
            need(not any(unit[0].isdigit() or unit[0].isspace() or unit[0] in ".,-" for unit in units), "`units`")
            if known(item["read"], ["sole", "stated", "contains"], "`read`") == "contains":
                own += [(name + "+others", points, {*flags, "note"}) for name, points, flags in own]
        else:
            need(item["steps"] == [x for x in ("trim", "collapse", "casefold") if x in item["steps"]], "`steps`")
            for key in listed:
                known(key["match"], ["is", "contains_any", "contains_all", "like"], "`match`")
                strings(key["texts"], 1, 50, 500)
        own += [("wrong", ZERO, set())] + [("unclear", ZERO, {"note"}), ("no_digits", ZERO, {"note"})] * number
    need(not RESERVED.intersection(entry["id"] for entry in listed), "an id that is reserved")
    floor = -HUGE if item["floor"] is None else rational(item["floor"], high=0)
    rows: list[Row] = [(name, ZERO, frozenset()) for name in COMMON]
    rows += [(name, max(points, floor), frozenset(flags - {None})) for name, points, flags in own]
    raised = {flag for row in rows for flag in row[2]}
    need(raised <= set(FLAGS if "options" in item else FLAGS[2:]), "`flag`")
    need(len({row[0] for row in rows}) == len(rows) <= CODES_MAX, "the names or the number of an item's outcomes")
    must_wait = kind in {"mark", "rating", "checklist"} or "knock_out" in raised
    may_count = [] if must_wait else [[], COMMON[:2]]
    need(item["awaits"] in [COMMON[:3], *may_count], "`awaits`")
    return rows


def conditions(when: Any, names: Names, depth: int = 1) -> int:
    """Check a condition and return how many it is."""
    need(isinstance(when, dict) and depth <= 8, "a condition, nested at most 8 deep")
    keys = sorted(when)
    if keys in (["all"], ["any"]):
        need(isinstance(when[keys[0]], list), "the parts of a condition")
        return 1 + sum(conditions(part, names, depth + 1) for part in when[keys[0]])
    if keys == ["is", "item"]:
        listed = set(strings(when["is"], 0, CODES_MAX, 1000))
        levels = names.rows[known(when["item"], names.rows, "a condition's item")]
        for own in [[row for row in rows if row[0] not in COMMON[3:]] for rows in levels]:
            best = max(row[1] for row in own)
            need(listed <= {row[0] for row in own} and len(when["is"]) <= len(own), "an outcome in a condition")
            need(not any(row[0] in listed and row[1] == best for row in own), "a best outcome in a condition")
            plain = [row for row in own if not row[2]]
            most = max([row[1] for row in plain if row[0] in listed], default=-HUGE * HUGE)
            need(listed.issuperset(row[0] for row in plain if row[1] <= most), "every lesser outcome in a condition")
    elif keys in (["below", "section"], ["below", "stage"]):
        known(when[keys[1]], names.sections if keys[1] == "section" else names.stages, f"a condition's {keys[1]}")
        rational(when["below"], TINY, 1)
    else:
        need(keys == ["at_least", "flag"], "the keys of a condition")
        known(when["flag"], FLAGS, "a condition's flag")
        whole(when["at_least"], 1, 1000, "`at_least`")
    return 1


def can_hold(when: dict[str, Any], items: set[str], sections: set[str]) -> bool:
    """Tell whether a condition can hold for a variant that has these items, and these sections with an item."""
    if "all" in when or "any" in when:
        parts = [can_hold(part, items, sections) for part in when["all" if "all" in when else "any"]]
        return all(parts) if "all" in when else any(parts)
    return when.get("item") in {None, *items} and when.get("section") in {None, *sections}


def mentions_fatal(value: Any) -> bool:
    """Tell whether a flag `fatal` is raised by an option or asked for by a condition."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
    return (isinstance(value, dict) and value.get("flag") == "fatal") or any(map(mentions_fatal, inner))


def check_items(pack: dict[str, Any], sections: list[dict[str, Any]]) -> dict[str, list[list[Row]]]:
    """Check all items and return the rows of each at every level, or once where no level moves its points."""
    competencies = {one["id"]: one for one in pack["competencies"]}
    variants, rows, outcomes = {None, *(one["id"] for one in pack["variants"])}, {}, 0
    for section in sections:
        need(isinstance(section["items"], list) and section["items"], "a section's items")
        common = [1] * max(1, len(pack["levels"]))
        for item in section["items"]:
            need(isinstance(item, dict) and isinstance(item.get("id"), str) and item["id"] not in rows, "an item's id")
            need(item["only"] in variants and isinstance(item["void"], bool), "`only` or `void`")
            levels = [one["id"] for one in pack["levels"]] if item.get("level_points") is not None else [None]
            rows[item["id"]] = own = [outcomes_of(item, competencies, level) for level in levels]
            need(own, "`level_points` without levels")
            listed: Any = item["options"] if item["kind"] == "choice" else item.get("keys")
            outcomes += 2 * len(listed) + 3 if listed else len(own[0]) - len(COMMON)
            need(len(rows) <= 1000 and outcomes <= OUTCOMES_MAX, "how many items or outcomes")
            for level in range(len(common)):
                common[level] = lcm(common[level], *{row[1].denominator for row in own[level % len(own)]})
                need(common[level] <= 10**15, "a section's common denominator")
    return rows


def check_weights(pack: dict[str, Any], stages: list[dict[str, Any]]) -> tuple[set[str], set[str]]:
    """Check the profiles; return the sections with a share in some profile, and the stages with a score in each."""
    profiles = table(pack["profiles"], "about assumed id shares stages", "profiles", 1, 32)
    known(pack["default_profile"], [profile["id"] for profile in profiles], "`default_profile`")
    weighed, scored = set(), {stage["id"] for stage in stages}
    for profile in profiles:
        need(isinstance(profile["assumed"], bool), "`assumed`")
        weights = {stage: rational(weight, 0, 1) for stage, weight in profile["stages"].items()}
        need(sorted(weights) == sorted(stage["id"] for stage in stages), "the stages of a profile")
        need(sum(weights.values()) == 1, "a profile's weights of stages")
        shares = {section: rational(share, 0, 1) for section, share in profile["shares"].items()}
        need(
            sorted(shares) == sorted(part["id"] for stage in stages for part in stage["sections"]), "a profile's shares"
        )
        for stage in stages:
            whole_stage = sum(shares[section["id"]] for section in stage["sections"])
            need(whole_stage == 1 or (whole_stage == 0 and not weights[stage["id"]]), "a profile's shares in a stage")
            scored -= set() if whole_stage else {stage["id"]}
        weighed |= {section for section in shares if shares[section]}
    return weighed, scored


def check_verdicts(pack: dict[str, Any], overrides: list[dict[str, Any]]) -> None:
    """Check the verdicts and all caps."""
    verdicts = table(pack["verdicts"], "about action from id", "verdicts", 2, 16)
    lows = [verdict["from"] for verdict in verdicts]
    bands = [rational(low) for low in lows if low is not None]
    need(bands and None not in lows[: len(bands)] and bands[-1] == 0, "the bands' `from`")
    need(bands == sorted(set(bands), reverse=True), "the order of bands")
    actions = [known(verdict["action"], ["advance", "review", "decline"], "`action`") for verdict in verdicts]
    need(actions == sorted(actions, key=["advance", "review", "decline"].index), "the order of actions")
    need(isinstance(pack["caps"], dict) and sorted(pack["caps"]) == FLAGS[:2], "`caps`")
    for cap in [*pack["caps"].values(), *(override["cap"] for override in overrides)]:
        known(cap, [verdict["id"] for verdict in verdicts], "a cap")


def check_levels(pack: dict[str, Any]) -> None:
    """Check levels, competencies, variants and the pack's assumptions."""
    table(pack["assumed"], "about id", "`assumed`", 0, 50)
    levels = [level["id"] for level in table(pack["levels"], "about id", "levels", 0, 12)]
    need(len(table(pack["variants"], "about id", "variants", 0, 12)) != 1, "how many variants")
    for one in table(pack["competencies"], "about assumed expected id", "competencies", 0, 100 if levels else 0):
        need(isinstance(one["expected"], dict) and sorted(one["expected"]) == sorted(levels), "`expected`")
        for value in one["expected"].values():
            identifier(value)
        need(isinstance(one["assumed"], list) and len(set(one["assumed"])) == len(one["assumed"]), "`assumed`")
        need(set(one["assumed"]) <= set(levels), "`assumed` of a competency")


def check_variants(
    pack: dict[str, Any], rows: dict[str, list[list[Row]]], weighed: set[str], overrides: list[dict[str, Any]]
) -> None:
    """Check that, for each variant, what is weighed can be earned, what is declared is there and overrides can hold."""
    sections = [section for stage in pack["stages"] for section in stage["sections"]]
    for variant in [one["id"] for one in pack["variants"]] or [None]:
        items: set[str] = set()
        filled = set()
        for section in sections:
            mine = [one["id"] for one in section["items"] if one["only"] in {None, variant} and not one["void"]]
            items.update(mine)
            filled |= {section["id"]} if mine else set()
            for level in range(max(1, len(pack["levels"]))):
                levels = [rows[name][level % len(rows[name])] for name in mine]
                earns = any(row[1] > 0 for own in levels for row in own)
                need(earns or section["id"] not in weighed, "a weighed section without a maximum")
            there = [one for one in section["items"] if one["only"] in {None, variant}]
            need(pack["excerpt"] or (section["declared"] or 0) <= len(there), "an excerpt without `excerpt`")
        for override in overrides:
            need(can_hold(override["when"], items, filled), "an override that cannot hold")


def check(pack: Any) -> None:
    """Check a pack against every row of FORMAT.md 5."""
    guarantees = pack["about"].get("guarantees", [])
    need(isinstance(guarantees, list) and len(guarantees) <= 100, "how many of `guarantees`")
    need(all(isinstance(one, dict) for one in guarantees), "`guarantees`")
    about = {key: value for key, value in pack["about"].items() if key != "guarantees"}
    table([{**pack, "about": about}], PACK + " variants verdicts version", "a pack")
    whole(pack["format"], 1, 1, "`format`")
    need(isinstance(pack["excerpt"], bool), "`excerpt`")
    need(isinstance(pack["notice"], (str, type(None))), "`notice`")
    need(pack["notice"] is not None or not mentions_fatal([pack["stages"], pack["overrides"]]), "a missing `notice`")
    identifier(pack["rubric"])
    identifier(pack["version"])
    check_levels(pack)
    stages = table(pack["stages"], "about gate id sections", "stages", 1, 20)
    need(len(stages) > 1 or stages[0]["id"] == "main", "a stage's id")
    for stage in stages:
        table(stage["sections"], "about declared floor id items", "sections", 1, 50, place=True)
    sections = [section for stage in stages for section in stage["sections"]]
    table(sections, "about declared floor id items", "sections", 1, 50, place=True)
    for section in sections:
        rational(section["floor"], -1, 1 - TINY)
        need(section["declared"] is None or whole(section["declared"], 1, 1000, "`declared`"), "`declared`")
    rows = check_items(pack, sections)
    weighed, scored = check_weights(pack, stages)
    overrides = list(table(pack["overrides"], "about cap id when", "overrides", 0, 100, place=True))
    named = Names(rows, [section["id"] for section in sections], sorted(scored))
    for override in overrides:
        need(conditions(override["when"], named) <= 50, "how many conditions")
    named = Names({}, [], [])
    for stage in stages:
        named.sections.extend(section["id"] for section in stage["sections"])
        named.stages.extend({stage["id"]} & scored)
        named.rows.update((one["id"], rows[one["id"]]) for section in stage["sections"] for one in section["items"])
        for gate in table(stage["gate"], "about cap id when", "a gate", 0, 20, place=True):
            need(conditions(gate["when"], named) <= 50, "how many conditions")
            overrides.append(gate)
    table(overrides, "about cap id when", "overrides and gates together", 0, 500, place=True)
    check_verdicts(pack, overrides)
    check_variants(pack, rows, weighed, overrides)


def examine(path: Path) -> tuple[str, str]:
    """Return the result for one file and what to say of it."""
    if not path.is_file():
        return "NOT CHECKED", "is no file"
    try:
        with path.open("rb") as stream:
            data = stream.read(PACK_MAX + 1)
        need(len(data) <= PACK_MAX, "at most 4 MiB")
        need(sha256(data).hexdigest() == path.stem, "the digest that it is named by")
        # An integer too long to be one is cut, and a fraction refused: the re-encoding tells.
        pack = json.loads(data.decode("utf-8"), parse_int=lambda x: int(x[:20]), parse_float=int, parse_constant=int)
        text = json.dumps(pack, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        need(text.encode("utf-8") == data, "canonical JSON")
        check(pack)
    except PackError as error:
        return "FAILS", f"breaks a row of FORMAT.md 5: {error}"
    except MALFORMED:
        return "FAILS", "is no pack as FORMAT.md says"
    except OSError as error:
        return "NOT CHECKED", f"cannot be read: {error.strerror}"
    return "HOLDS", "obeys FORMAT.md 5"


def main() -> int:
    """Check all packs of a log, print what was found and return the exit status."""
    parser = argparse.ArgumentParser(
        description="Check packs: 0 all obey, 1 one does not, 2 wrong call, 3 not checked."
    )
    parser.add_argument("dir", metavar="DIR", type=Path, help="the directory that holds log/ and packs/")
    call = parser.parse_args()
    if not (call.dir / "packs").is_dir():
        parser.error("DIR holds no directory packs/")
    counts: Counter[str] = Counter()
    for path in sorted((call.dir / "packs").iterdir())[:FILES_MAX]:
        if re.fullmatch(r"[0-9a-f]{64}\.json", path.name):  # others are no packs; verify.py counts them
            result, detail = examine(path)
            counts[result] += 1
            print(f"{result} check_packs: packs/{path.name}: {detail}")
    overall = (
        "FAILS" if counts["FAILS"] else "HOLDS" if counts["HOLDS"] and not counts["NOT CHECKED"] else "NOT CHECKED"
    )
    print(
        f"{overall} check_packs: {counts['HOLDS']} packs obey FORMAT.md 5; {counts['FAILS']} do not;"
        f" {counts['NOT CHECKED']} could not be checked"
    )
    print("NOT SHOWN: how units begin once they are prepared for reading; the package's own replay checks that")
    return {"FAILS": 1, "NOT CHECKED": 3, "HOLDS": 0}[overall]


if __name__ == "__main__":
    sys.exit(main())
