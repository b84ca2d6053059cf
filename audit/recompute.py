"""
Recompute every verdict of a log from its outcomes, and name the first field of a record that differs.

    python3 -I -S recompute.py DIR [--record N]

Written from FORMAT.md 5 to 7 alone, in exact fractions; Python 3.9 or newer, standard library only. It takes `outcomes`,
`notice`, `irregularities` and `profile` from a record and the pack from packs/, and computes everything else. That packs
obey FORMAT.md 5 is checked by check_packs.py, that no record was changed, added or dropped by verify.py, both beside it.
Exit status: 0 all agree; 1 one differs; 2 the call is wrong; 3 something could not be checked.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections import Counter
from contextlib import suppress
from fractions import Fraction
from functools import lru_cache
from hashlib import sha256
from itertools import combinations
from operator import add
from pathlib import Path
from typing import Any

Row = tuple[str, Fraction, frozenset[str]]  # one outcome of an item: its name, what it earns, what it raises
State = tuple[Fraction, tuple[int, ...]]  # what outcomes come to: points; how often each elementary condition is met
LINE_MAX, PACK_MAX, SEGMENT, OUTCOMES_MAX, SHOWN = 32_768, 4 << 20, 65_536, 1 << 20, 20
STATES_MAX, STEPS_MAX = 300_000, 3_000_000  # what is tried for one decision
DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
COMMON = ["absent", "blank", "invalid", "excluded", "unopened"]  # codes 0 to 4 of every item
FLAGS, ZERO = ["fatal", "knock_out", "refer", "note"], Fraction(0)
MALFORMED = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)


class FindingError(Exception):
    """What is to be said of a record: FAILS or NOT CHECKED, and why."""


def need(condition: object) -> None:
    """Refuse what is no record or pack."""
    if not condition:
        raise ValueError


def rational(text: str) -> Fraction:
    """Return a pack's number."""
    need(len(text) <= 26 and set(text) <= set("0123456789/-"))
    return Fraction(text)


def outcomes_of(item: dict[str, Any]) -> list[Row]:
    """Return the outcomes of an item in the order of their codes (FORMAT.md 7)."""
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
        need(top / step <= OUTCOMES_MAX)
        own += [(str(n * step), n * full * step / top, set()) for n in range(int(top / step) + 1)]
    else:
        own += [(key["id"], rational(key["points"]), {key["flag"]}) for key in item["keys"]]
        if kind == "number" and item["read"] == "contains":
            own += [(name + "+others", points, {*flags, "note"}) for name, points, flags in own]
        own += [("wrong", ZERO, set())]
        own += [("unclear", ZERO, {"note"}), ("no_digits", ZERO, {"note"})] * (kind == "number")
    if item["floor"] is not None:
        own = [(name, max(points, rational(item["floor"])), flags) for name, points, flags in own]
    return [(name, ZERO, frozenset()) for name in COMMON] + [(*row[:2], frozenset(row[2] - {None})) for row in own]


class Plan:
    """A pack under one profile, as tables. Items, sections, caps and verdicts are numbers, in the pack's order."""

    def __init__(self, pack: dict[str, Any], profile: str) -> None:
        self.pack, self.digest = pack, sha256(canonical(pack)).hexdigest()
        profiles = {one["id"]: one for one in pack["profiles"]}
        if profile not in profiles:
            raise FindingError("FAILS", differs("profile", sorted(profiles), profile))
        self.profile, sections = profiles[profile], pack["stages"][0]["sections"]
        self.sections = [section["id"] for section in sections]
        self.weights = [rational(self.profile["shares"][section]) for section in self.sections]
        self.floors = [rational(section["floor"]) for section in sections]
        self.items = [item for section in sections for item in section["items"]]
        self.names = [item["id"] for item in self.items]
        self.members = [[self.names.index(item["id"]) for item in section["items"]] for section in sections]
        self.rows: list[list[Row]] = []
        for item in self.items:
            self.rows.append(outcomes_of(item))
            need(sum(map(len, self.rows)) <= OUTCOMES_MAX + 5 * len(self.rows) and len(self.rows) <= 1000)
        self.best = [max(row[1] for row in rows) for rows in self.rows]
        self.verdicts = [verdict["id"] for verdict in pack["verdicts"]]
        self.bands = [rational(verdict["from"]) for verdict in pack["verdicts"] if verdict["from"] is not None]
        own = [(flag, pack["caps"][flag], {"at_least": 1, "flag": flag}) for flag in FLAGS[:2]]
        own += [(f"override:{override['id']}", override["cap"], override["when"]) for override in pack["overrides"]]
        self.steps = STEPS_MAX  # what is left to be tried for the decision at hand
        self.leaves: list[tuple[str, Any, Any]] = []  # the elementary conditions
        self.caps = [(by, self.verdicts.index(verdict), self.condition(when)) for by, verdict, when in own]
        self.enough = [value if kind == "flag" else 1 for kind, _, value in self.leaves]  # no more needs to be counted

    def condition(self, when: dict[str, Any]) -> Any:
        """Return a condition as the number of its leaf, or as `all` or `any` and its parts."""
        for how, function in (("all", all), ("any", any)):
            if how in when:
                return function, [self.condition(part) for part in when[how]]
        if "is" in when:
            self.leaves.append(("is", self.names.index(when["item"]), frozenset(when["is"])))
        elif "below" in when:
            self.leaves.append(("below", self.sections.index(when["section"]), rational(when["below"])))
        else:
            self.leaves.append(("flag", when["flag"], int(when["at_least"])))
        return len(self.leaves) - 1

    def decode(self, outcomes: str) -> list[Row]:
        """Return each item's outcome. There is one stage, and it counts as handed in: nothing in it is unopened."""
        rows: list[Row] = []
        for name, own in zip(self.names, self.rows):  # noqa: B905
            width, code = 1 + (len(own) > 64) + (len(own) > 64**2), 0
            for digit in outcomes[:width]:
                code = 64 * code + DIGITS.index(digit)
            if len(outcomes) < width or code >= len(own) or code == COMMON.index("unopened"):
                raise FindingError("FAILS", differs("outcomes", f"a code of item {name}", outcomes[:width]))
            rows, outcomes = [*rows, own[code]], outcomes[width:]
        if outcomes:
            raise FindingError("FAILS", differs("outcomes", "a code for each item", f"{len(outcomes)} digits more"))
        return rows


class Case:
    """One decision's outcomes, and what steps 1 to 8 of FORMAT.md 6 make of them."""

    def __init__(self, plan: Plan, rows: list[Row], notice: bool | None) -> None:
        self.plan, self.rows, self.notice = plan, rows, notice
        self.flags = {flag: [i for i, row in enumerate(rows) if flag in row[2]] for flag in FLAGS}
        # Step 2: maxima, shares (None in an empty section) and what is awaited. Step 3: the total.
        excluded = {i for i, row in enumerate(rows) if row[0] == "excluded"}
        self.awaited = {i for i, row in enumerate(rows) if row[0] in plan.items[i]["awaits"]}
        self.maxima = [sum(plan.best[i] for i in members if i not in excluded) for members in plan.members]
        self.shares: list[Fraction | None] = []
        for n, members in enumerate(plan.members):
            earned = sum((rows[i][1] for i in members), ZERO)
            self.shares.append(max(plan.floors[n], earned / self.maxima[n]) if self.maxima[n] else None)
            if not self.maxima[n] and plan.weights[n]:
                self.awaited |= excluded.intersection(members)
        self.total = max(ZERO, sum((weight * (self.shares[n] or 0) for n, weight in enumerate(plan.weights)), ZERO))
        self.status = "ended" if self.flags["knock_out"] else "pending" if self.awaited else "decided"  # step 7

    def states(self, item: int, given: bool) -> set[State]:
        """Return what the item's outcome comes to, or each outcome that a completion may give it."""
        never = [*self.plan.items[item]["awaits"], "excluded", "unopened"]

        def met(row: Row, kind: str, key: Any, value: Any) -> bool:
            return key in row[2] if kind == "flag" else kind == "is" and key == item and row[0] in value

        rows = [row for row in self.plan.rows[item] if row[0] not in never] if given else [self.rows[item]]
        return {(row[1], tuple(met(row, *leaf) for leaf in self.plan.leaves)) for row in rows}

    def join(self, left: set[State], right: set[State]) -> set[State]:
        """Return every state of `left` with every state of `right` added to it; the work is bounded."""
        self.plan.steps -= len(left) * len(right) * (1 + len(self.plan.leaves) // 8)
        if self.plan.steps < 0 or len(left) > STATES_MAX:
            raise FindingError("NOT CHECKED", "there are too many combinations")
        return {(a + b, tuple(map(min, map(add, x, y), self.plan.enough))) for a, x in left for b, y in right}

    def completions(self, totals: bool) -> set[State]:
        """Return what completions come to (step 6), with totals or without; the case itself, if nothing is awaited."""
        plan, none = self.plan, (0,) * len(self.plan.leaves)
        whole = {(ZERO, none)}
        for n, members in enumerate(plan.members):
            part, maximum = {(ZERO, none)}, self.maxima[n]
            below = [value if kind == "below" and key == n else None for kind, key, value in plan.leaves]
            matters = any(below) or (totals and plan.weights[n])
            for i in members:
                states = self.states(i, given=i in self.awaited and self.rows[i][0] != "excluded")
                part = self.join(part, states if maximum and matters else {(ZERO, met) for _, met in states})
            if matters and not maximum and plan.weights[n]:
                # An empty section gets any share its items could give it; what that would raise does not count.
                maximum = sum(plan.best[i] for i in members)
                for i in members:
                    part = self.join(part, {(points, none) for points, _ in self.states(i, given=True)})
            if matters and maximum:
                ends = [(max(plan.floors[n], points / maximum), met) for points, met in part]
                low = [[b is not None and share < b for b in below] for share, _ in ends]
                part = {(x * plan.weights[n] * totals, tuple(map(max, met, y))) for (x, met), y in zip(ends, low)}  # noqa: B905
            whole = self.join(whole, part)
        return whole

    def caps(self, met: tuple[int, ...], when: Any = None) -> Any:
        """Return which caps hold in a completion (step 5), or if a condition does; unproven, `fatal` puts none."""
        if when is None:
            known = [n for n, cap in enumerate(self.plan.caps) if (cap[0], self.notice) != ("fatal", False)]
            return [n for n in known if self.caps(met, self.plan.caps[n][2])]
        if isinstance(when, int):
            return met[when] >= self.plan.enough[when]
        return when[0](self.caps(met, part) for part in when[1])

    def verdict(self, total: Fraction | None, caps: list[int]) -> int:
        """Return the worst of the caps and of the best verdict that the total, if there is one, reaches (4 and 8)."""
        band = [] if total is None else [sum(max(ZERO, total) < low for low in self.plan.bands)]
        return max(band + [self.plan.caps[n][1] for n in caps])

    def settle(self) -> tuple[list[int], int | None]:
        """Return the caps that hold in every completion, and the verdict (steps 5 and 8)."""
        held = [self.caps(met) for met in {met for _, met in self.completions(totals=False)}]
        caps = [n for n in held[0] if all(n in other for other in held)]
        return caps, None if self.status == "pending" else self.verdict(None if self.awaited else self.total, caps)

    def unclear(self, verdict: int) -> bool:
        """Tell whether giving some unclear answers their best outcome would change the verdict (step 10)."""
        best = {}
        for i in [i for i, row in enumerate(self.rows) if row[0] == "unclear"]:
            most = [row for row in self.plan.rows[i][len(COMMON) :] if row[1] == self.plan.best[i]]
            best[i] = min(most, key=lambda row: bool(row[2]))
        flagged = any(row[2] for row in best.values())
        smallest = 1 if flagged else max(1, len(best))  # where no best outcome raises a flag, all at once decide
        for chosen in (some for size in range(smallest, len(best) + 1) for some in combinations(best, size)):
            rows = [best[i] if i in chosen else row for i, row in enumerate(self.rows)]
            if (flagged and len(best) > 10) or Case(self.plan, rows, self.notice).settle()[1] != verdict:
                return True
        return False


def recompute(pack: dict[str, Any] | Plan, decision: dict[str, Any]) -> dict[str, Any]:
    """Return what follows from a decision's outcomes, notice and irregularities, without what is past the bounds."""
    plan = pack if isinstance(pack, Plan) else Plan(pack, decision["profile"])
    notice = None if plan.pack["notice"] is None else decision["notice"] is True
    case, names, size = Case(plan, plan.decode(decision["outcomes"]), notice), plan.verdicts, len(plan.items)
    shares = {plan.sections[n]: None if share is None else str(share) for n, share in enumerate(case.shares)}
    reasons = {"refer": case.flags["refer"], "verdict": [], "irregularity": decision["irregularities"]}
    reasons["notice"] = case.flags["fatal"] if notice is False else []
    # Causes stand before their consequences, so that the first field that differs is the one that went wrong.
    result: dict[str, Any] = {"semantics": 1, "level": None, "handed_in": ["main"], "pack": plan.digest}
    assumed = [f"profile:{plan.profile['id']}"] * (plan.profile["assumed"] is True)
    result.update(profile=plan.profile["id"], assumed=assumed, notice=notice)
    result.update(irregularities=sorted(set(decision["irregularities"])), outcomes=decision["outcomes"])
    result["flags"] = {flag: item_set(raised, size) for flag, raised in case.flags.items() if raised}
    result.update(awaited=item_set([*case.awaited], size), status=case.status, sections=shares, score=str(case.total))
    if case.awaited:
        result.update(sections=None, score=None)
    if case.status == "pending":
        holds = [reason for reason, there in reasons.items() if there]
        result.update(verdict=None, determined_by=[], holds=holds, action="wait")
    else:
        result["reachable"] = None
    plan.steps = STEPS_MAX
    with suppress(FindingError):
        caps, verdict = case.settle()
        result["caps"] = [{"by": plan.caps[n][0], "verdict": names[plan.caps[n][1]]} for n in caps]
        if verdict is not None:
            own = plan.pack["verdicts"][verdict]["action"]
            band = not case.awaited and case.verdict(case.total, []) == verdict
            by = ["band"] * band + [plan.caps[n][0] for n in caps if plan.caps[n][1] == verdict]
            result.update(verdict=names[verdict], determined_by=by)
            reasons.update(verdict=own == "review", unclear=case.unclear(verdict))  # steps 9 and 10
            result["holds"] = [reason for reason, there in reasons.items() if there]
            result["action"] = "review" if result["holds"] else own  # step 11
    plan.steps = STEPS_MAX
    with suppress(FindingError):
        if case.status == "pending" and decision["reachable"] is not None:
            ends = case.completions(totals=True)
            held = {met: case.caps(met) for met in {met for _, met in ends}}
            result["reachable"] = [names[n] for n in sorted({case.verdict(total, held[met]) for total, met in ends})]
    return result


def item_set(items: list[int], size: int) -> str:
    """Return a set of items as digits, the first item the most significant bit of the first digit."""
    bits = sum(1 << (5 - i % 6) << 6 * (i // 6) for i in items)
    return "".join(DIGITS[bits >> shift & 63] for shift in range(0, size, 6))


def canonical(value: Any) -> bytes:
    """Return a value in the one spelling of FORMAT.md 1."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode("utf-8")


def load(data: bytes) -> Any:
    """Return what canonical JSON says; what is wrong with anything else, verify.py tells."""
    # The re-encoding tells of a key that stands twice, and of an integer that was cut because it is too long to be one.
    value = json.loads(data.decode("utf-8"), parse_int=lambda x: int(x[:20]), parse_float=int, parse_constant=int)
    need(canonical(value) == data)
    return value


@lru_cache(maxsize=4)
def read_plan(root: Path, digest: str, profile: str) -> Plan:
    """Read a pack that a decision cites."""
    need(re.fullmatch("[0-9a-f]{64}", digest))  # it becomes a path
    path = root / "packs" / f"{digest}.json"
    if not path.is_file():
        raise FindingError("NOT CHECKED", "its pack is no file in packs/")
    with path.open("rb") as stream:
        data = stream.read(PACK_MAX + 1)
    if sha256(data).hexdigest() != digest:
        raise FindingError("FAILS", differs("pack", sha256(data).hexdigest(), digest))
    return Plan(load(data), profile)


def differs(field: str, expected: Any, found: Any) -> str:
    """Say which field differs; what is no id, digest or number is not shown."""
    texts = [canonical(value).decode() for value in (expected, found)]
    shown = [text[:300] if re.fullmatch(r'[A-Za-z0-9._:/"\[\]{},-]*', text) else "something else" for text in texts]
    return "field `{}`: expected {}; found {}".format(field, *shown)


def examine(root: Path, line: bytes) -> tuple[str, str]:
    """Return the result for a line and what to say of it; neither where it is no decision."""
    try:
        record = load(line[:-1])
        if record["type"] != "decision":
            return "", ""
        decision = record["body"]["decision"]
        need(len(decision) == 20)
        expected = recompute(read_plan(root, decision["pack"], decision["profile"]), decision)
        for field, value in expected.items():
            if canonical(value) != canonical(decision[field]):
                return "FAILS", differs(field, value, decision[field])
    except FindingError as error:
        return error.args[0], error.args[1]
    except MALFORMED:
        return "FAILS", "is no record or pack as FORMAT.md says"
    unknown = [field for field in decision if field not in expected]
    why = ", ".join(unknown) + ": there are too many combinations, or the record claims nothing"
    return ("NOT CHECKED", why) if unknown else ("HOLDS", "")


def lines(folder: Path, only: int | None) -> Any:
    """Yield the place and the line of each record, or of one; None for a line in what is no segment."""
    for path in sorted(folder.iterdir()):
        named = re.fullmatch(r"[0-9]{12}\.jsonl", path.name)
        start, offset = int(path.stem) if named else -1, 0
        if not named or not path.is_file():
            yield f"log/{path.name if named else '?'}", None
        elif only is None or 0 <= only - start < SEGMENT:
            with path.open("rb") as stream:
                for seq in range(start, start + SEGMENT + 1):
                    line = stream.readline(LINE_MAX + 1)
                    if line and only in (
                        None,
                        seq,
                    ):  # a segment holds no more than its lines: what follows is no record
                        place = f"record #{seq}, byte offset {offset} of log/{path.name}"
                        yield place, line if seq < start + SEGMENT else b""
                    if not line.endswith(b"\n"):  # the end, or too long: what follows cannot be told apart
                        break
                    offset += len(line)


def main() -> int:
    """Recompute a log, print what was found and return the exit status."""
    parser = argparse.ArgumentParser(description="Recompute verdicts: 0 agree, 1 differ, 2 wrong call, 3 not checked.")
    parser.add_argument("dir", metavar="DIR", type=Path, help="the directory that holds log/ and packs/")
    parser.add_argument("--record", metavar="N", type=int, help="recompute this record only")
    call = parser.parse_args()
    if not (call.dir / "log").is_dir():
        parser.error("DIR holds no directory log/")
    counts: Counter[str] = Counter()
    try:
        for place, line in lines(call.dir / "log", call.record):
            result, detail = ("NOT CHECKED", "no segment") if line is None else examine(call.dir, line)
            counts[result] += 1
            if detail and counts[result] <= SHOWN:
                print(f"{result} recompute: {place}: {detail}")
    except OSError as error:
        counts["NOT CHECKED"] += 1
        print(f"NOT CHECKED recompute: reading stopped: {error.strerror}")
    agree, differ, unchecked = counts["HOLDS"], counts["FAILS"], counts["NOT CHECKED"]
    if call.record is not None and not agree + differ + unchecked:
        parser.error(f"record #{call.record} is not there, or is no decision")
    overall = "FAILS" if differ else "HOLDS" if agree and not unchecked else "NOT CHECKED"
    print(
        f"{overall} recompute: {agree} decisions follow from their outcomes, notice, irregularities and profile, ",
        end="",
    )
    print(f"which are taken as recorded; {differ} do not; {unchecked} could not be checked in full")
    print("NOT SHOWN: that packs obey FORMAT.md 5: check_packs.py shows that")
    return {"FAILS": 1, "NOT CHECKED": 3, "HOLDS": 0}[overall]


if __name__ == "__main__":
    sys.exit(main())
