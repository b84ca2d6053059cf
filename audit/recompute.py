"""
Recompute every verdict of a log from its outcomes, and name the first field of a record that differs.

    python3 -I -S recompute.py DIR [--record N]

Written from FORMAT.md 5 to 7 alone, in exact fractions; Python 3.9 or newer, standard library only. It takes
`outcomes`, `notice`, `irregularities` and `profile` from a record and the pack from packs/, and computes everything
else. Each record is read by itself: that none was changed, added or dropped is checked by verify.py beside it. Exit
status: 0 all agree; 1 one differs; 2 the call is wrong; 3 something could not be checked.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from contextlib import suppress
from fractions import Fraction
from functools import lru_cache
from hashlib import sha256
from itertools import combinations
from operator import add, le
from pathlib import Path
from typing import Any

Row = tuple[str, Fraction, frozenset[str]]  # one outcome of an item: its name, what it earns, what it raises
State = tuple[Fraction, tuple[int, ...]]  # what outcomes come to: points; how often each elementary condition is met
LINE_MAX, PACK_MAX, SEGMENT, CODES_MAX, OUTCOMES_MAX, SHOWN = 32_768, 4 << 20, 65_536, 64**3, 1 << 20, 20
STEPS_MAX, FRONT_MAX = 20_000_000, 512  # what is tried for one decision; the second number is FORMAT.md's
ALNUM = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
DIGITS, ID_CHARS, PLAIN_CHARS = ALNUM + "-_", frozenset(ALNUM + "._-"), frozenset(ALNUM + '._-:/"[]{},')
COMMON = ["absent", "blank", "invalid", "excluded", "unopened"]  # codes 0 to 4 of every item
FLAGS = ["fatal", "knock_out", "refer", "note"]
ZERO, TINY, HUGE = Fraction(0), Fraction(1, 10**12), Fraction(10**12)
MALFORMED = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)


class FindingError(Exception):
    """What is to be said of a record: FAILS or NOT CHECKED, and why."""


# --- a pack as tables (FORMAT.md 5 and 7) -----------------------------------------------------------------------------


def need(condition: object) -> None:
    """Refuse what is no pack."""
    if not condition:
        raise ValueError


def rational(text: str, low: Fraction | int = -HUGE, high: Fraction | int = HUGE) -> Fraction:
    """Return a pack's number: in lowest terms (FORMAT.md 1), of at most 12 digits, in low..high."""
    need(len(text) <= 26 and set(text) <= set("0123456789/-"))
    value = Fraction(text)
    need(str(value) == text and max(abs(value.numerator), value.denominator) < HUGE and low <= value <= high)
    return value


def table(rows: list[dict[str, Any]], keys: str, low: int = 1, high: int = 1) -> list[dict[str, Any]]:
    """Return a list of `low` to `high` objects that have exactly these keys, and no id twice."""
    need(low <= len(rows) <= high and all(sorted(row) == sorted(keys.split()) for row in rows))
    names = [row["id"] for row in rows if "id" in row]
    need(len(set(names)) == len(names) and all(0 < len(name) <= 48 and ID_CHARS.issuperset(name) for name in names))
    return rows


def outcomes_of(item: dict[str, Any]) -> list[Row]:
    """Return the outcomes of an item in the order of their codes."""
    kind, keys, own = item["kind"], "about awaits floor id kind ", []
    full = rational(item.get("points", "1"), TINY)
    if kind == "choice":
        table([item], keys + "options")
        options = table(item["options"], "about flag id points", 2, 100)
        grave = [option["flag"] in FLAGS[:3] for option in options]
        own += [(option["id"], rational(option["points"]), {option["flag"]}) for option in options]
        own += [("several", ZERO, set())] * (not all(grave)) + [("several_flagged", ZERO, {"refer"})] * any(grave)
    elif kind == "selection":
        table([item], keys + "mode options points")
        options = table(item["options"], "about flag id right", 2, 11)
        need(all(isinstance(option["right"], bool) for option in options))
        n, c = len(options), sum(option["right"] for option in options)
        for code in range(1, 2**n):
            chosen = [option for i, option in enumerate(options) if code & 2**i]
            r = sum(option["right"] for option in chosen)
            w = len(chosen) - r
            net, each = max(ZERO, Fraction(r - w, c)), Fraction(r + n - c - w, n)
            share = {"exact": int(r == c and w == 0), "net": net, "coverage": Fraction(r, c) * (w == 0), "each": each}
            flags = {option["flag"] for option in chosen}
            own.append(("+".join(option["id"] for option in chosen), share[item["mode"]] * full, flags))
    elif kind == "mark":
        table([item], keys + "max points step")
        step, top = rational(item["step"], TINY), rational(item["max"], TINY)
        need((top / step).denominator == 1 and top / step < CODES_MAX)
        each = full * step / top
        own += [(str(n * step), n * each, set()) for n in range(int(top / step) + 1)]
    else:
        number = kind == "number"
        table([item], keys + ("keys points read separators units" if number else "keys points steps"))
        listed = table(item["keys"], "about flag id points " + ("high low" if number else "match texts"), 1, 50)
        need(not number or all(rational(key["low"]) <= rational(key["high"]) for key in listed))
        own += [(key["id"], rational(key["points"], high=full), {key["flag"]}) for key in listed]
        if number and item["read"] == "contains":
            own += [(name + "+others", points, {*flags, "note"}) for name, points, flags in own]
        own += [("wrong", ZERO, set())] + [("unclear", ZERO, {"note"}), ("no_digits", ZERO, {"note"})] * number
    floor = -HUGE if item["floor"] is None else rational(item["floor"], high=0)
    rows: list[Row] = [(name, ZERO, frozenset()) for name in COMMON]
    rows += [(name, max(points, floor), frozenset(flags - {None})) for name, points, flags in own]
    raised = {flag for row in rows for flag in row[2]}
    need(raised <= set(FLAGS if "options" in item else FLAGS[2:]))
    need(len({row[0] for row in rows}) == len(rows) <= CODES_MAX)
    may_count = [] if kind == "mark" or "knock_out" in raised else [[], COMMON[:2]]
    need(item["awaits"] in [COMMON[:3], *may_count])
    return rows


class Plan:
    """A pack under one profile, as tables. Items, sections, caps and verdicts are numbers, in the pack's order."""

    def __init__(self, pack: dict[str, Any], profile: str) -> None:
        table([pack], "about caps default_profile format notice overrides profiles rubric stages verdicts version")
        need(pack["format"] == 1 and isinstance(pack["notice"], (str, type(None))) and len(pack["caps"]) == 2)
        self.pack, self.digest = pack, sha256(canonical(pack)).hexdigest()
        sections = table(table(pack["stages"], "about id sections")[0]["sections"], "about floor id items", 1, 50)
        self.sections = [section["id"] for section in sections]
        self.floors = [rational(section["floor"], -1, 1 - TINY) for section in sections]
        self.items = [item for section in sections for item in section["items"]]
        self.names = [item["id"] for item in self.items]
        self.members = [[self.names.index(item["id"]) for item in section["items"]] for section in sections]
        self.rows: list[list[Row]] = []
        outcomes = 0
        for item in self.items:
            self.rows.append(outcomes_of(item))
            listed = item["options"] if item["kind"] == "choice" else item.get("keys")
            outcomes += 2 * len(listed) + 3 if listed else len(self.rows[-1]) - len(COMMON)
            need(len(set(self.names)) == len(self.names) <= 1000 and outcomes <= OUTCOMES_MAX)
        self.best = [max(row[1] for row in rows) for rows in self.rows]
        profiles = {one["id"]: one for one in table(pack["profiles"], "about assumed id shares", 1, 32)}
        for one in profiles.values():
            shares = {section: rational(share, 0, 1) for section, share in one["shares"].items()}
            need(
                isinstance(one["assumed"], bool)
                and sorted(shares) == sorted(self.sections)
                and sum(shares.values()) == 1
            )
            need(all(any(self.best[i] for i in self.members[n]) for n, x in enumerate(self.sections) if shares[x]))
        if profile not in profiles:
            raise FindingError("FAILS", differs("profile", sorted(profiles), profile))
        self.profile = profiles[profile]
        self.weights = [Fraction(self.profile["shares"][section]) for section in self.sections]
        verdicts = table(pack["verdicts"], "about action from id", 2, 16)
        self.verdicts, lows = [verdict["id"] for verdict in verdicts], [verdict["from"] for verdict in verdicts]
        self.bands = [rational(low) for low in lows if low is not None]
        need(None not in lows[: len(self.bands)] and self.bands[-1] == 0)
        need(self.bands == sorted(set(self.bands), reverse=True))
        actions = [("advance", "review", "decline").index(verdict["action"]) for verdict in verdicts]
        need(actions == sorted(actions))
        own = [(flag, pack["caps"][flag], {"at_least": 1, "flag": flag}) for flag in FLAGS[:2]]
        overrides = table(pack["overrides"], "about cap id when", 0, 100)
        own += [(f"override:{override['id']}", override["cap"], override["when"]) for override in overrides]
        self.steps = STEPS_MAX  # what is left to be tried for the decision at hand
        self.leaves: list[tuple[str, Any, Any]] = []  # the elementary conditions
        self.caps = [(by, self.verdicts.index(verdict), self.condition(when)) for by, verdict, when in own]
        self.enough = [value if kind == "flag" else 1 for kind, _, value in self.leaves]  # no more needs to be counted

    def condition(self, when: dict[str, Any]) -> Any:
        """Return a condition as the number of its leaf, or as `all` or `any` and its parts."""
        keys = sorted(when)
        if keys in (["all"], ["any"]):
            return {"all": all, "any": any}[keys[0]], [self.condition(part) for part in when[keys[0]]]
        if keys == ["is", "item"]:
            self.leaves.append(("is", self.names.index(when["item"]), frozenset(when["is"])))
        elif keys == ["below", "section"]:
            self.leaves.append(("below", self.sections.index(when["section"]), rational(when["below"], TINY, 1)))
        else:
            need(keys == ["at_least", "flag"] and when["flag"] in FLAGS and when["at_least"] in range(1, 1001))
            self.leaves.append(("flag", when["flag"], when["at_least"]))
        return len(self.leaves) - 1

    def decode(self, outcomes: str) -> list[Row]:
        """Return each item's outcome."""
        widths = [1 + (len(own) > 64) + (len(own) > 64**2) for own in self.rows]
        digits = [DIGITS.index(digit) for digit in outcomes]
        if len(digits) != sum(widths):
            raise FindingError("FAILS", differs("outcomes", f"{sum(widths)} digits", f"{len(digits)} digits"))
        rows: list[Row] = []
        for i, own in enumerate(self.rows):
            at = sum(widths[:i])
            code = sum(digit * 64**n for n, digit in enumerate(reversed(digits[at : at + widths[i]])))
            # There is one stage, and it counts as handed in: nothing in it is unopened.
            if code >= len(own) or code == COMMON.index("unopened"):
                raise FindingError("FAILS", differs("outcomes", f"a code of item {self.names[i]}", code))
            rows.append(own[code])
        return rows


# --- from outcomes to the rest (FORMAT.md 6) --------------------------------------------------------------------------


class Case:
    """One decision's outcomes, and what steps 1 to 8 make of them."""

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

    def spend(self, states: int) -> None:
        """Bound the work: `states` more are looked at."""
        self.plan.steps -= states * (len(self.plan.leaves) + 8)
        if self.plan.steps < 0:
            raise FindingError("NOT CHECKED", "there are too many combinations")

    def states(self, item: int, given: bool) -> set[State]:
        """Return what the item's outcome comes to, or each outcome that a completion may give it."""
        never = [*self.plan.items[item]["awaits"], "excluded", "unopened"]
        rows = [row for row in self.plan.rows[item] if row[0] not in never] if given else [self.rows[item]]
        self.spend(len(rows))

        def met(row: Row, kind: str, key: Any, value: Any) -> bool:
            return key in row[2] if kind == "flag" else kind == "is" and key == item and row[0] in value

        return {(row[1], tuple(met(row, *leaf) for leaf in self.plan.leaves)) for row in rows}

    def front(self, states: set[State]) -> set[State]:
        """Keep the states that no other one betters, with more points and every condition met less often."""
        most: dict[tuple[int, ...], Fraction] = {}
        for points, met in states:
            most[met] = max(points, most.get(met, points))
        kept: list[State] = []
        for met, points in sorted(most.items(), key=lambda state: (-state[1], sum(state[0]))):
            self.spend(len(kept))
            if len(kept) > FRONT_MAX:
                raise FindingError("NOT CHECKED", "an engine may stop here too (step 5)")
            if not any(all(map(le, other, met)) for _, other in kept):
                kept.append((points, met))
        return set(kept)

    def completions(self, best: bool) -> set[State]:
        """Return what the completions come to (step 6), all or the best; the case itself, if nothing is awaited."""
        plan = self.plan
        none = (0,) * len(plan.leaves)

        def join(left: set[State], right: set[State]) -> set[State]:
            self.spend(len(left) * len(right))
            found = {(a + b, tuple(map(min, map(add, x, y), plan.enough))) for a, x in left for b, y in right}
            return self.front(found) if best else found

        def weigh(n: int, share: Fraction, met: tuple[int, ...]) -> State:
            below = [kind == "below" and key == n and share < value for kind, key, value in plan.leaves]
            return share * plan.weights[n], tuple(map(max, met, below))

        whole = {(ZERO, none)}
        for n, members in enumerate(plan.members):
            part, maximum = {(ZERO, none)}, self.maxima[n]
            for i in members:
                states = self.states(i, given=i in self.awaited and self.rows[i][0] != "excluded")
                part = join(part, states if maximum else {(ZERO, met) for _, met in states})
                if not maximum and plan.weights[n]:
                    # An empty section gets any share its items could give it; what that would raise does not count.
                    part = join(part, {(points, none) for points, _ in self.states(i, given=True)})
            maximum = maximum or (plan.weights[n] and sum(plan.best[i] for i in members))
            if maximum:
                part = {weigh(n, max(plan.floors[n], points / maximum), met) for points, met in part}
            whole = join(whole, part)
        return whole

    def caps(self, met: tuple[int, ...]) -> list[int]:
        """Return which caps hold in a completion (step 5); without proof of notice `fatal` puts none."""
        self.spend(1)

        def holds(when: Any) -> bool:
            return met[when] >= self.plan.enough[when] if isinstance(when, int) else when[0](map(holds, when[1]))

        found = [n for n, (_, _, when) in enumerate(self.plan.caps) if holds(when)]
        return [n for n in found if (self.plan.caps[n][0], self.notice) != ("fatal", False)]

    def verdict(self, total: Fraction | None, caps: list[int]) -> int:
        """Return the worst of the caps and of the best verdict that the total, if there is one, reaches (4 and 8)."""
        band = [] if total is None else [sum(max(ZERO, total) < low for low in self.plan.bands)]
        return max(band + [self.plan.caps[n][1] for n in caps])

    def settle(self) -> tuple[list[int], int | None]:
        """Return the caps that hold in every completion, and the verdict (steps 5 and 8)."""
        held = [self.caps(met) for _, met in self.completions(best=True)]
        caps = [n for n in held[0] if all(n in other for other in held)]
        return caps, None if self.status == "pending" else self.verdict(None if self.awaited else self.total, caps)

    def unclear(self, verdict: int) -> bool:
        """Tell whether giving some unclear answers their best outcome would change the verdict (step 10)."""
        best = {}
        for i in [i for i, row in enumerate(self.rows) if row[0] == "unclear"]:
            most = [row for row in self.plan.rows[i][len(COMMON) :] if row[1] == self.plan.best[i]]
            best[i] = min(most, key=lambda row: bool(row[2]))
        flagged = any(row[2] for row in best.values())
        if flagged and len(best) > 10:
            return True
        smallest = 1 if flagged else max(1, len(best))  # where no best outcome raises a flag, all at once decide
        for chosen in (some for size in range(smallest, len(best) + 1) for some in combinations(best, size)):
            rows = [best[i] if i in chosen else row for i, row in enumerate(self.rows)]
            if Case(self.plan, rows, self.notice).settle()[1] != verdict:
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
    result: dict[str, Any] = {
        "semantics": 1,
        "level": None,
        "handed_in": ["main"],
        "pack": plan.digest,
        "profile": plan.profile["id"],
        "assumed": [f"profile:{plan.profile['id']}"] * plan.profile["assumed"],
        "notice": notice,
        "irregularities": sorted(set(decision["irregularities"])),
        "outcomes": decision["outcomes"],
        "flags": {flag: item_set(raised, size) for flag, raised in case.flags.items() if raised},
        "awaited": item_set([*case.awaited], size),
        "status": case.status,
        "sections": None if case.awaited else shares,
        "score": None if case.awaited else str(case.total),
    }
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
            ends = case.completions(best=False)
            held = {met: case.caps(met) for met in {met for _, met in ends}}
            result["reachable"] = [names[n] for n in sorted({case.verdict(total, held[met]) for total, met in ends})]
    return result


def item_set(items: list[int], size: int) -> str:
    """Return a set of items as digits, the first item the most significant bit of the first digit."""
    bits = sum(1 << (5 - i % 6) << 6 * (i // 6) for i in items)
    return "".join(DIGITS[bits >> shift & 63] for shift in range(0, size, 6))


# --- the log ----------------------------------------------------------------------------------------------------------


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
    need(len(digest) == 64 and set(digest) <= set("0123456789abcdef"))  # it becomes a path
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
    shown = [text[:300] if PLAIN_CHARS.issuperset(text) else "something else" for text in texts]
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
    except MALFORMED as error:
        return "FAILS", f"expected a record and a pack as FORMAT.md says (run verify.py); found {type(error).__name__}"
    unknown = [field for field in ("caps", "verdict", "determined_by", "holds", "reachable") if field not in expected]
    why = ", ".join(unknown) + ": there are too many combinations, or the record claims nothing"
    return ("NOT CHECKED", why) if unknown else ("HOLDS", "")


def lines(folder: Path, only: int | None) -> Any:
    """Yield the place and the line of each record, or of one; None for a line in what is no segment."""
    for path in sorted(folder.iterdir()):
        start = int(path.name[:12]) if set(path.name[:12]) <= set("0123456789") and len(path.name) == 18 else -1
        if path.name != f"{start:012}.jsonl" or not path.is_file():
            yield f"log/{path.name if ID_CHARS.issuperset(path.name) else '?'}", None
        elif only is None or 0 <= only - start < SEGMENT:
            offset = 0
            with path.open("rb") as stream:
                for seq in range(start, start + SEGMENT + 1):
                    line = stream.readline(LINE_MAX + 1)
                    if line and only in (None, seq):
                        place = f"record #{seq}, byte offset {offset} of log/{path.name}"
                        yield (
                            place,
                            line if seq < start + SEGMENT else b"",
                        )  # a segment holds no more: that is no record
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
        f"{overall} recompute: {agree} decisions follow from their outcomes, notice, irregularities and profile, which"
        f" are taken as recorded; {differ} do not; {unchecked} could not be checked in full"
    )
    print("NOT SHOWN: that packs obey FORMAT.md 5 in every row; the package's own replay checks that")
    return {"FAILS": 1, "NOT CHECKED": 3, "HOLDS": 0}[overall]


if __name__ == "__main__":
    sys.exit(main())
