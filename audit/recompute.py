"""
Recompute every verdict of a log from its outcomes, and name the first field of a record that differs.

    python3 -I -S recompute.py DIR [--record N]

Written from FORMAT.md 5 to 7 alone, in exact fractions; Python 3.9 or newer, standard library only. Outcomes and what
is TAKEN are taken as recorded, all else follows. That records and packs obey FORMAT.md is for verify.py and
check_packs.py beside it: run all three. Exit status: 0 all agree; 1 one differs; 2 wrong call; 3 not all was checked.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from contextlib import suppress
from fractions import Fraction
from functools import lru_cache, reduce
from hashlib import sha256
from itertools import combinations
from math import lcm
from operator import add
from pathlib import Path
from types import SimpleNamespace as Table
from typing import Any, NamedTuple

TAKEN = "notice, irregularities, profile, level, variant, handed_in, reinstate and void"
LINE_MAX, PACK_MAX, SEGMENT, SHOWN = 32_768, 4 << 20, 65_536, 20
OUTCOMES_MAX, CODES_MAX, RATED_MAX, NODES_MAX = 1 << 20, 64**3, 64**2, 25_000  # NODES_MAX: parts of all conditions
STATES_MAX, STEPS_MAX, ENGINE_MAX = 400_000, 2_000_000, 512  # tried at once; for one decision; by an engine (step 5)
DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
COMMON = ["absent", "blank", "invalid", "excluded", "unopened"]  # codes 0 to 4 of every item
FLAGS, ZERO = ["fatal", "knock_out", "refer", "note"], Fraction(0)
MALFORMED = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
Outcome = NamedTuple("Outcome", [("name", str), ("points", Fraction), ("flags", frozenset[str])])  # noqa: UP014 - one line
States = set[tuple[Fraction, tuple[int, ...]]]  # what outcomes come to: a number; how often each condition is met


class FindingError(Exception):
    """What is to be said of a record: FAILS or NOT CHECKED, and why; or OTHER PACK, and which."""


def need(condition: object) -> None:
    """Refuse what is no record or pack."""
    if not condition:
        raise ValueError


def rational(text: str) -> Fraction:
    """Return a pack's number."""
    need(len(text) <= 26 and set(text) <= set("0123456789/-"))
    return Fraction(text)


def sums_of(item: Any) -> list[Fraction]:
    """Return what a checklist, or a rating by mean, comes to, smallest first (FORMAT.md 7)."""
    rating, mean = item["kind"] == "rating", item["raters"]["combine"] == "mean"
    people = range(sum(item["raters"]["needs"].values()), item["raters"]["max"] + 1)
    need(0 < people.start < people.stop <= 21)
    points = [rational(row["points"]) for row in item["values" if rating else "lines"]]
    unit = lcm(*[one.denominator for one in points]) * lcm(*range(1, 21))  # sums of integers are quick
    shares = {Fraction(j, k) for k in people for j in range(k + 1)} if mean else {ZERO, Fraction(1)}
    lines = [{int(one * unit * share) for share in shares} for one in points]
    sums, means = {0}, set()
    for n, part in enumerate([{int(one * unit) for one in points}] * people[-1] if rating else lines, 1):
        sums = {old + new for new in part for old in sums}
        need(len(sums) <= RATED_MAX)
        means |= {Fraction(one, unit * n) for one in sums if n in people}
    return sorted(means if rating else {Fraction(one, unit) for one in sums})


def outcomes_of(item: Any, expected: str | None = None) -> list[Outcome]:
    """Return the outcomes of an item in the order of their codes (FORMAT.md 7), with their points (6, step 1)."""
    kind, options, own = item["kind"], item.get("options", []), []
    if kind == "choice":
        grave = [option["flag"] in FLAGS[:3] for option in options]
        own += [(option["id"], rational(option["points"]), {option["flag"]}) for option in options]
        own += [("several", ZERO, set())] * (not all(grave)) + [("several_flagged", ZERO, {"refer"})] * any(grave)
    elif kind == "selection":
        need(len(options) <= 11 and all(len(option["id"]) <= 48 for option in options))
        n, c, full = len(options), sum(option["right"] for option in options), rational(item["points"])
        for code in range(1, 2**n):
            chosen = [option for i, option in enumerate(options) if code & 2**i]
            r = sum(option["right"] for option in chosen)
            w = len(chosen) - r
            net, each = max(ZERO, Fraction(r - w, c)), Fraction(r + n - c - w, n)
            share = {"exact": int(r == c and w == 0), "net": net, "coverage": Fraction(r, c) * (w == 0), "each": each}
            flags = {option["flag"] for option in chosen}
            own.append(("+".join(option["id"] for option in chosen), share[item["mode"]] * full, flags))
    elif kind == "mark":
        step, top, full = rational(item["step"]), rational(item["max"]), rational(item["points"])
        need(top / step < CODES_MAX)
        own += [(str(n * step), n * full * step / top, set()) for n in range(int(top / step) + 1)]
    elif kind in {"rating", "checklist"}:
        if kind == "checklist" or item["raters"]["combine"] == "mean":
            own += [(str(points), points, set()) for points in sums_of(item)]
        else:
            names, by = [value["id"] for value in item["values"]], item["level_points"]
            at = names.index(expected) if by else 0
            for n, value in enumerate(item["values"]):
                points = by["below" if n < at else "above" if n > at else "at"] if by else value["points"]
                own.append((names[n], rational(points), set()))
        own += [(name + "+noted", points, {"note"}) for name, points, _ in own] + [("awaited", ZERO, set())]
    elif kind == "evidence":
        own += [("given", ZERO, set())]
    else:
        own += [(key["id"], rational(key["points"]), {key["flag"]}) for key in item["keys"]]
        if kind == "number" and item["read"] == "contains":
            own += [(name + "+others", points, {*flags, "note"}) for name, points, flags in own]
        own += [("wrong", ZERO, set())]
        own += [("unclear", ZERO, {"note"}), ("no_digits", ZERO, {"note"})] * (kind == "number")
    if item["floor"] is not None:
        own = [(name, max(points, rational(item["floor"])), flags) for name, points, flags in own]
    own = [(name, ZERO, set()) for name in COMMON] + own
    return [Outcome(name, points, frozenset(flags - {None})) for name, points, flags in own]


def prepare(pack: Any, profile: str, level: str | None, variant: str | None) -> Table:
    """Return a pack under one profile, level and variant as tables, in which items, stages and verdicts are numbers."""
    for field, name in (("profile", profile), ("level", level), ("variant", variant)):
        if name not in ([one["id"] for one in pack[field + "s"]] or [None]):
            raise FindingError("FAILS", f"field `{field}`: its pack has none of this id")
    plan = Table(pack=pack, digest=sha256(canonical(pack)).hexdigest(), items=[], members={}, leaves=[], nodes=0)
    plan.profile = next(one for one in pack["profiles"] if one["id"] == profile)
    plan.shares = {name: rational(share) for name, share in plan.profile["shares"].items()}
    plan.weights = {name: rational(weight) for name, weight in plan.profile["stages"].items()}
    plan.verdicts = [verdict["id"] for verdict in pack["verdicts"]]
    plan.bands = [rational(verdict["from"]) for verdict in pack["verdicts"] if verdict["from"] is not None]
    expected = {one["id"]: one["expected"][level] for one in pack["competencies"]}
    plan.sections = [(s, section) for s, stage in enumerate(pack["stages"]) for section in stage["sections"]]
    need(len(pack["stages"]) <= 20 and len(plan.sections) <= 50 and len(plan.verdicts) <= 16)
    for s, section in plan.sections:
        plan.members[section["id"]] = members = []  # the items of the variant
        for item in section["items"]:
            rows = outcomes_of(item, expected.get(item.get("competency")))
            mine = item["only"] in {None, variant} and not item["void"]
            members += [len(plan.items)] * mine
            awaits, best = {*item["awaits"], "awaited", "unopened"}, max(row.points for row in rows)
            plan.items.append(Table(id=item["id"], stage=s, rows=rows, awaits=awaits, best=best, mine=mine))
            need(len(plan.items) <= 1000 and sum(len(item.rows) - 5 for item in plan.items) <= OUTCOMES_MAX)

    def condition(when: Any) -> Any:
        plan.nodes += 1
        need(plan.nodes <= NODES_MAX)
        for how, function in (("all", all), ("any", any)):
            if how in when:
                return function, [condition(part) for part in when[how]]
        (subject,) = {"flag", "section", "stage", "item"} & when.keys()
        value = when["at_least"] + 0 if subject == "flag" else None if subject == "item" else rational(when["below"])
        plan.leaves.append((subject, when[subject], frozenset(when["is"]) if value is None else value))
        return len(plan.leaves) - 1

    caps: list[tuple[str, str, Any, int | None]] = []
    for flag, name in ("fatal", "fatal"), ("knock_out", "ends"):  # `ways` tells which knock-outs end the case
        caps.append((flag, pack["caps"][flag], {"at_least": 1, "flag": name}, None))
    for s, stage in enumerate(pack["stages"]):
        caps += [("gate:" + gate["id"], gate["cap"], gate["when"], s) for gate in stage["gate"]]
    caps += [("override:" + override["id"], override["cap"], override["when"], None) for override in pack["overrides"]]
    plan.caps = [(by, plan.verdicts.index(verdict), condition(when), gate) for by, verdict, when, gate in caps]
    plan.enough = [value if subject == "flag" else 1 for subject, _, value in plan.leaves]  # to be counted up to
    plan.none = (0,) * len(plan.leaves)
    return plan


def spend(plan: Table, steps: int) -> None:
    """Bound the work on a decision."""
    plan.steps -= steps * (1 + plan.nodes // 8) if steps <= STATES_MAX else STEPS_MAX + 1
    if plan.steps < 0:
        raise FindingError("NOT CHECKED", "there are too many combinations")


def join(plan: Table, *parts: States) -> States:
    """Return every sum of one state of each part."""
    whole: States = {(ZERO, plan.none)}
    for part in parts:
        spend(plan, len(whole) * len(part))
        whole = {(a + b, tuple(map(min, map(add, x, y), plan.enough))) for a, x in whole for b, y in part}
        plan.peak = max(plan.peak, len(whole))
    return whole


def ways(plan: Table, i: int, row: Outcome | None) -> States:
    """Return what an item's outcome comes to; if it is awaited, or none, what each does that may be given (step 6)."""
    item = plan.items[i]
    rows = [row] if row else []
    if row is None or row.name in item.awaits:
        rows = [one for one in item.rows if one.name not in {*item.awaits, "excluded"}]
    spend(plan, len(rows))

    def met(row: Outcome, subject: str, on: str, names: Any) -> int:
        flag = "knock_out" if on == "ends" and item.stage > plan.covered else on
        return flag in row.flags if subject == "flag" else subject == "item" and on == item.id and row.name in names

    return {(row.points, tuple(met(row, *leaf) for leaf in plan.leaves)) for row in rows}


def completions(plan: Table, rows: list[Outcome], s: int, before: States) -> States:
    """Return the total, and how often each condition is met, after a stage in each of its completions (step 6)."""

    def below(subject: str, name: str, share: Fraction, met: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(map(add, met, [leaf[:2] == (subject, name) and share < leaf[2] for leaf in plan.leaves]))

    stage, parts = plan.pack["stages"][s], []
    for section in stage["sections"]:
        name, members, floor = section["id"], plan.members[section["id"]], rational(section["floor"])
        weight, ends = plan.shares[name], [ways(plan, i, rows[i]) for i in members]
        maximum = sum(plan.items[i].best for i in members if rows[i].name != "excluded")
        if not maximum:
            # An empty section gets any share that its items could give it; what that would raise does not count.
            ends = [{(ZERO, met) for _, met in end} for end in ends]
            ends += [{(points, plan.none) for points, _ in ways(plan, i, None)} for i in members if weight]
            maximum = sum(plan.items[i].best for i in members if weight)
        shares = [(max(floor, points / maximum) if maximum else None, met) for points, met in join(plan, *ends)]
        parts.append({(weight * (x or 0), met if x is None else below("section", name, x, met)) for x, met in shares})
    weight, name = plan.weights[stage["id"]], stage["id"]
    return join(plan, before, {(weight * x, below("stage", name, x, met)) for x, met in join(plan, *parts)})


def caps_of(plan: Table, s: int, met: tuple[int, ...]) -> set[int]:
    """Return which caps hold where stage `s` is the last one evaluated; a passed stage's gate puts none (step 5)."""

    def holds(when: Any) -> Any:
        return met[when] >= plan.enough[when] if isinstance(when, int) else when[0](map(holds, when[1]))

    spend(plan, 1)
    stages = {None, s} if s > plan.covered else {None}
    caps = {n for n, (_, _, when, stage) in enumerate(plan.caps) if stage in stages and holds(when)}
    return caps - {0} if plan.notice is False else caps


def worst(plan: Table, total: Fraction | None, caps: set[int]) -> int:
    """Return the worst of the caps and of the best verdict that the total, if there is one, reaches (4 and 8)."""
    band = [] if total is None else [sum(max(ZERO, total) < low for low in plan.bands)]
    return int(max(band + [plan.caps[n][1] for n in caps]))


def judge(plan: Table, rows: list[Outcome]) -> Table:
    """Go through the stages (steps 2 to 8); what takes too many completions (caps, verdict, reached) is None."""
    case = Table(status="decided", awaited=set(), sections={}, stages={}, total=ZERO, caps=None, verdict=None)
    states, reached, final = {(ZERO, plan.none)}, set(), len(plan.pack["stages"]) - 1
    for s, stage in enumerate(plan.pack["stages"]):
        state, evaluated = {"ended": "not_evaluated", "pending": "waiting"}.get(case.status), case.status == "decided"
        shares, share, waits, ending, caps = {}, ZERO, set(), set(), {}
        for section in stage["sections"]:
            name, own = section["id"], plan.members[section["id"]]
            given = [i for i in own if rows[i].name != "excluded"]
            maximum, earned = sum(plan.items[i].best for i in given), sum(rows[i].points for i in given)
            shares[name] = max(rational(section["floor"]), earned / maximum) if maximum else None
            share += plan.shares[name] * (shares[name] or 0)
            waits |= {i for i in given if rows[i].name in plan.items[i].awaits}
            waits |= {i for i in own if i not in given and plan.shares[name] and not maximum}
        if case.status != "ended":
            case.awaited |= waits
            try:
                states = completions(plan, rows, s, states)
                caps = {met: caps_of(plan, s, met) for met in {met for _, met in states}}
            except FindingError:
                if not waits:
                    raise
                states = set()
            ending = {met for met in caps if any(n == 1 or plan.caps[n][3] is not None for n in caps[met])}
            over = {(total, met) for total, met in states if s == final or met in ending}
            reached |= {worst(plan, total if s == final else None, caps[met]) for total, met in over}
            states = states - over
        if evaluated:
            flags = {flag for name in shares for i in plan.members[name] for flag in rows[i].flags}
            knocked = "knock_out" in flags and s > plan.covered
            state = "ended" if knocked or (ending and not waits) else "pending" if waits else "passed"
            case.status, case.last = "decided" if state == "passed" else state, s
            case.caps, case.peak = sorted(set.intersection(*caps.values())) if caps else None, plan.peak
            case.total += plan.weights[stage["id"]] * share
        shown = evaluated and not waits
        case.sections.update({name: str(one) if shown and one is not None else None for name, one in shares.items()})
        case.stages[stage["id"]] = [state, str(share) if shown and any(plan.shares[name] for name in shares) else None]
    case.total = None if case.awaited or case.last < final else max(ZERO, case.total)
    case.reached = sorted(reached) if plan.steps >= 0 else None
    if case.status != "pending" and case.caps is not None:
        case.verdict = worst(plan, case.total, case.caps)
    return case


def unclear(plan: Table, rows: list[Outcome], case: Table) -> bool:
    """Tell whether giving some unclear answers their best outcome would change the verdict (step 10)."""
    best = {}
    for i in [i for i, row in enumerate(rows) if row.name == "unclear" and plan.items[i].stage <= case.last]:
        most = [row for row in plan.items[i].rows[len(COMMON) :] if row.points == plan.items[i].best]
        best[i] = min(most, key=lambda row: bool(row.flags))
    together = len(plan.pack["stages"]) == 1 and not any(row.flags for row in best.values())
    if len(best) > 10 and not together:
        return True
    for size in range(max(1, len(best)) if together else 1, len(best) + 1):
        for some in combinations(best, size):
            other = judge(plan, [best[i] if i in some else row for i, row in enumerate(rows)])
            spend(plan, 1)  # refuses where that took too many completions
            if other.verdict != case.verdict:
                return True
    return False


def recompute(pack: Any, decision: Any) -> dict[str, Any]:
    """Return what follows from a decision's outcomes and what is TAKEN, without what is past the bounds."""
    tables = pack if isinstance(pack, Table) else prepare(pack, *(decision[x] for x in ("profile", "level", "variant")))
    pack, ids, lifted = tables.pack, [stage["id"] for stage in tables.pack["stages"]], decision["reinstate"]
    notice, void = None if pack["notice"] is None else decision["notice"] is True, decision["void"] is not None
    covered = -1 if lifted is None else ids.index(lifted["stage"])
    plan = Table(**vars(tables), notice=notice, covered=covered, steps=STEPS_MAX, peak=0)
    rows: list[Outcome] = []
    digits, size = [DIGITS.index(digit) for digit in decision["outcomes"]], len(plan.items)
    for item in plan.items:
        width = 1 + (len(item.rows) > 64) + (len(item.rows) > 64**2)
        code = reduce(lambda high, low: 64 * high + low, digits[:width], 0)
        if len(digits) < width or code >= len(item.rows):
            raise FindingError("FAILS", f"field `outcomes`: it holds no code of item #{len(rows)}")
        rows, digits = [*rows, item.rows[code]], digits[width:]
    case, handed = judge(plan, rows), [one for one in ids if len(ids) == 1 or one in decision["handed_in"]]
    for n, item in enumerate(plan.items):
        never = ["unopened"] if ids[item.stage] in handed else ["absent", "blank"]
        fits = rows[n].name == "unopened" if item.stage > case.last else rows[n].name not in never
        if not (fits if item.mine else rows[n].name == "excluded") or digits:
            raise FindingError("FAILS", f"field `outcomes`: item #{n} cannot have this code, or there are too many")
    flags = {flag: [i for i, row in enumerate(rows) if flag in row.flags] for flag in FLAGS}
    named = {item.get("competency") for _, section in plan.sections for item in section["items"]}
    assumed = [f"profile:{plan.profile['id']}"] * (plan.profile["assumed"] is True)
    for one in pack["competencies"]:
        assumed += [f"expected:{one['id']}"] * (decision["level"] in one["assumed"] and one["id"] in named)
    assumed += [f"rubric:{one['id']}" for one in pack["assumed"]]
    excerpts = {}
    for _, section in plan.sections:  # an item that was taken out afterwards counts too
        count = sum(item["only"] in {None, decision["variant"]} for item in section["items"])
        excerpts.update({section["id"]: [count, section["declared"]]} if count < (section["declared"] or 0) else {})
    # Causes stand before their consequences, so that the first field that differs is the one that went wrong.
    result: dict[str, Any] = {"semantics": 1, "pack": plan.digest, "profile": plan.profile["id"], "notice": notice}
    result.update({field: decision[field] for field in ("level", "variant", "outcomes", "void", "reinstate")})
    result.update(handed_in=handed, irregularities=sorted(set(decision["irregularities"])))
    result.update(assumed=assumed, excerpts=excerpts)
    result["flags"] = {flag: item_set(raised, size) for flag, raised in flags.items() if raised}
    result.update(awaited=item_set(case.awaited, size), stages=case.stages, sections=case.sections)
    result["status"] = status = "void" if void else case.status
    result["score"] = None if case.total is None or void else str(case.total)
    caps = [{"by": plan.caps[n][0], "verdict": plan.verdicts[plan.caps[n][1]]} for n in case.caps or []]
    unknown = case.caps is None or (case.peak > ENGINE_MAX and caps != decision["caps"])  # an engine may have stopped
    result["caps"] = ... if unknown else caps
    result.update(verdict=None, determined_by=[], reachable=None, holds=["void"], action="review")
    reasons = {"refer": flags["refer"], "verdict": [], "irregularity": decision["irregularities"]}
    asked = {name for subject, name, _ in plan.leaves if subject == "item"}
    guards = [item.id in asked or any({"fatal", "knock_out"} & row.flags for row in item.rows) for item in plan.items]
    left_out = [n for n, item in enumerate(plan.items) if item.mine and rows[n].name == "excluded" and guards[n]]
    reasons.update(notice=flags["fatal"] if notice is False else [], excerpt=excerpts, excluded=left_out)
    if status == "pending":
        result.update(action="wait", holds=[reason for reason in reasons if reasons[reason]], reachable=...)
        if case.reached is not None and decision["reachable"] is not None:
            result["reachable"] = [plan.verdicts[n] for n in case.reached]
    elif not void:
        result.update(dict.fromkeys(["verdict", "determined_by", "holds", "action"], ...))
        with suppress(FindingError):
            if unknown:
                raise FindingError("NOT CHECKED", "there are too many combinations")
            by = ["band"] * (case.total is not None and worst(plan, case.total, set()) == case.verdict)
            by += [plan.caps[n][0] for n in case.caps if plan.caps[n][1] == case.verdict]
            result.update(verdict=plan.verdicts[case.verdict], determined_by=by)
            action = pack["verdicts"][case.verdict]["action"]
            reasons.update(verdict=action == "review", unclear=unclear(plan, rows, case))  # steps 9 and 10
            result["holds"] = [reason for reason in reasons if reasons[reason]]
            result["action"] = "review" if result["holds"] else action  # step 11
    return {field: value for field, value in result.items() if value is not ...}


def item_set(items: Any, size: int) -> str:
    """Return a set of items as digits, the first item the most significant bit of the first digit (FORMAT.md 1)."""
    bits = sum(1 << (5 - i % 6) << 6 * (i // 6) for i in items)
    return "".join(DIGITS[bits >> shift & 63] for shift in range(0, size, 6))


def canonical(value: Any) -> bytes:
    """Return a value in the one spelling of FORMAT.md 1."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode("utf-8")


def load(data: bytes) -> Any:
    """Return what canonical JSON says: a key that stands twice, or an integer cut for its length, is none."""
    value = json.loads(data.decode("utf-8"), parse_int=lambda x: int(x[:20]), parse_float=int, parse_constant=int)
    need(canonical(value) == data)
    return value


@lru_cache(maxsize=4)
def read_pack(root: Path, digest: str, *inputs: Any) -> Table:
    """Read the pack that a decision cites; its bytes have that digest."""
    need(len(digest) == 64 and set(digest) <= set("0123456789abcdef"))  # it becomes a path
    path = root / "packs" / f"{digest}.json"
    if not path.is_file():
        raise FindingError("NOT CHECKED", "its pack is no file in packs/")
    with path.open("rb") as stream:
        data = stream.read(PACK_MAX + 1)
    if sha256(data).hexdigest() != digest:
        raise FindingError("OTHER PACK", f"packs/{digest}.json")
    return prepare(load(data), *inputs)


def examine(root: Path, line: bytes) -> tuple[str, str]:
    """Return the result for a line and what to say of it, or its pack where that was changed; neither of no decision."""
    try:
        record = load(line[:-1])
        if record["type"] != "decision":
            return "", ""
        decision = record["body"]["decision"]
        inputs = [decision[field] for field in ("pack", "profile", "level", "variant")]
        expected = recompute(read_pack(root, *inputs), decision)
        for field in expected:
            texts = [canonical(value[field]).decode() for value in (expected, decision)]
            if texts[0] != texts[1]:  # what is no id, digest or number is not shown
                safe = [text[:300] if set(text) <= set(DIGITS + './:"[]{},') else "something else" for text in texts]
                return "FAILS", f"field `{field}`: expected {safe[0]}; found {safe[1]}"
        unknown = sorted(decision.keys() - expected.keys())
        need(
            len(decision) == 25
            and {"action", "caps", "determined_by", "holds", "reachable", "verdict"}.issuperset(unknown)
        )
    except FindingError as error:
        return error.args[0], error.args[1]
    except MALFORMED:
        return "FAILS", "is no record or pack as FORMAT.md says"
    why = f"{', '.join(unknown)}: there are too many combinations, or the record claims nothing"
    return ("NOT CHECKED", why) if unknown else ("HOLDS", "")


def lines(folder: Path, only: int | None) -> Any:
    """Yield the place and the line of each record, or of one; None for a line in what is no segment."""
    for path in sorted(folder.iterdir()):
        if not path.match("[0-9]" * 12 + ".jsonl") or not path.is_file():
            yield "log/", None
            continue
        with path.open("rb") as stream:
            for seq in range(int(path.stem), int(path.stem) + SEGMENT + 1):  # one more than a segment holds is refused
                offset, line = stream.tell(), stream.readline(LINE_MAX + 1)
                if line and only in {None, seq}:
                    place = f"record #{seq}, byte offset {offset} of log/{path.name}"
                    yield place, line if seq < int(path.stem) + SEGMENT else b""
                if not line.endswith(b"\n"):  # the end, or too long: what follows cannot be told apart
                    break


def main() -> int:
    """Recompute a log, print what was found and return the exit status."""
    parser = argparse.ArgumentParser(description="Recompute verdicts: 0 agree, 1 differ, 2 wrong call, 3 not checked.")
    parser.add_argument("dir", metavar="DIR", type=Path, help="the directory that holds log/ and packs/")
    parser.add_argument("--record", metavar="N", type=int, help="recompute this record only")
    call, counts, changed = parser.parse_args(), Counter[str](), set()
    if not (call.dir / "log").is_dir():
        parser.error("DIR holds no directory log/")
    try:
        for place, line in lines(call.dir / "log", call.record):
            result, detail = ("NOT CHECKED", "no segment") if line is None else examine(call.dir, line)
            if result == "OTHER PACK":  # the file fails, once; it accuses no record
                if detail not in changed:
                    print(f"FAILS recompute: {detail}: its bytes have another digest: not the pack that records cite")
                changed.add(detail)
                result, detail = "NOT CHECKED", f"it cannot be recomputed: {detail} is not the pack that it cites"
            counts[result] += 1
            if detail and counts[result] <= SHOWN:
                print(f"{result} recompute: {place}: {detail}")
    except OSError as error:
        counts["NOT CHECKED"] += 1
        print(f"NOT CHECKED recompute: reading stopped: {error.strerror}")
    agree, differ, unchecked = (counts[result] for result in ("HOLDS", "FAILS", "NOT CHECKED"))
    if call.record is not None and not agree + differ + unchecked:
        parser.error(f"record #{call.record} is not there, or is no decision")
    overall = "FAILS" if differ or changed else "HOLDS" if agree and not unchecked else "NOT CHECKED"
    taken = f"their outcomes, {TAKEN}, which are taken as recorded"
    print(f"{overall} recompute: {agree} decisions follow from {taken}; {differ} do not; {unchecked} not fully checked")
    print("NOT SHOWN: that packs obey FORMAT.md 5: check_packs.py shows that; that the log was not changed: verify.py")
    return {"FAILS": 1, "NOT CHECKED": 3, "HOLDS": 0}[overall]


if __name__ == "__main__":
    sys.exit(main())
