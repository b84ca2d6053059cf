"""
Recompute every verdict of a log from its outcomes, and name the first field of a record that differs.

    python3 -I -S recompute.py DIR [--record N]

Written from FORMAT.md 5 to 7 alone, in exact fractions; Python 3.9 or newer, standard library only. It takes `outcomes`,
`notice`, `irregularities` and `profile` from a record and the pack from packs/, and computes everything else. Each
record is read by itself: that none was changed, added or dropped is checked by verify.py beside it. Exit status: 0 all
agree; 1 one differs; 2 the call is wrong; 3 something could not be checked.
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
from itertools import combinations, product
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    Row = tuple[str, Fraction, frozenset[str]]  # one outcome of an item: its name, what it earns, what it raises
    State = tuple[Fraction, tuple[int, ...], frozenset[str]]  # points or share, flags counted, conditions that hold

LINE_MAX, PACK_MAX, SEGMENT, CODES_MAX, SHOWN = 32_768, 4 << 20, 65_536, 64**3, 20
ROWS_MAX, STATES_MAX, STEPS_MAX = 1_000_000, 300_000, 3_000_000
DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
COMMON = ("absent", "blank", "invalid", "excluded", "unopened")  # codes 0 to 4 of every item
FLAGS = ("fatal", "knock_out", "refer", "note")
HOLDS = ("refer", "verdict", "irregularity", "notice", "unclear")
ZERO = Fraction(0)
NOTHING: State = (ZERO, (0, 0, 0, 0), frozenset())
UNKNOWN = "?"  # stands where there are more combinations than this program tries
MALFORMED = (ArithmeticError, AttributeError, LookupError, RecursionError, StopIteration, TypeError, ValueError)


class TooManyError(Exception):
    """There are more combinations than this program tries."""


class DiffersError(Exception):
    """A record contradicts its pack: the field, what was expected, what was found."""


# --- a pack as tables (FORMAT.md 5 and 7) -----------------------------------------------------------------------------


def outcomes_of(item: dict[str, Any]) -> list[Row]:
    """Return the outcomes of an item in the order of their codes."""
    own: list[tuple[str, Any, set[Any]]] = []
    if item["kind"] == "choice":
        grave = [option["flag"] in ("fatal", "knock_out", "refer") for option in item["options"]]
        own += [(option["id"], option["points"], {option["flag"]}) for option in item["options"]]
        own += [("several", 0, set())] * (not all(grave)) + [("several_flagged", 0, {"refer"})] * any(grave)
    elif item["kind"] == "selection":
        n, c = len(item["options"]), sum(option["right"] for option in item["options"])
        for code in range(1, min(2**n, CODES_MAX)):
            chosen = [option for i, option in enumerate(item["options"]) if code & 2**i]
            r = sum(option["right"] for option in chosen)
            w = len(chosen) - r
            share = {
                "exact": Fraction(r == c and w == 0),
                "net": max(ZERO, Fraction(r - w, c)),
                "coverage": Fraction(r, c) * (w == 0),
                "each": Fraction(r + n - c - w, n),
            }[item["mode"]]
            name = "+".join(option["id"] for option in chosen)
            own.append((name, share * Fraction(item["points"]), {option["flag"] for option in chosen}))
    elif item["kind"] in ("number", "text"):
        number = item["kind"] == "number"
        own += [(key["id"], key["points"], {key["flag"]}) for key in item["keys"]]
        if number and item["read"] == "contains":
            own += [(key["id"] + "+others", key["points"], {key["flag"], "note"}) for key in item["keys"]]
        own += [("wrong", 0, set())] + [("unclear", 0, {"note"}), ("no_digits", 0, {"note"})] * number
    elif item["kind"] == "mark":
        step, top, points = Fraction(item["step"]), Fraction(item["max"]), Fraction(item["points"])
        own += [(str(n * step), points * n * step / top, set()) for n in range(min(int(top / step) + 1, CODES_MAX))]
    if not 0 < len(own) <= CODES_MAX - len(COMMON):
        raise ValueError("an unknown kind, or too many codes")
    floor = min(Fraction(points) for _, points, _ in own) if item["floor"] is None else Fraction(item["floor"])
    rows = [(name, max(Fraction(points), floor), frozenset(flags - {None})) for name, points, flags in own]
    return [(name, ZERO, frozenset()) for name in COMMON] + rows


def leaves(when: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the conditions in a condition that hold no others."""
    inner = when.get("all", when.get("any"))
    yield from [when] if inner is None else (leaf for part in inner for leaf in leaves(part))


def holds(when: dict[str, Any], counts: tuple[int, ...], true: frozenset[str]) -> bool:
    """Tell whether a condition holds, given the flags counted and the `is` and `below` conditions that hold."""
    if "all" in when:
        return all(holds(part, counts, true) for part in when["all"])
    if "any" in when:
        return any(holds(part, counts, true) for part in when["any"])
    return counts[FLAGS.index(when["flag"])] >= when["at_least"] if "flag" in when else canonical(when) in true


class Plan:
    """A pack under one profile, as tables. Items, sections, caps and verdicts are numbers, in the pack's order."""

    def __init__(self, pack: dict[str, Any], profile: str) -> None:
        profiles = {known["id"]: known for known in pack["profiles"]}
        if profile not in profiles:
            raise DiffersError("profile", sorted(profiles), profile)
        self.pack, self.profile, self.rows = pack, profiles[profile], []
        self.digest = sha256(canonical(pack).encode()).hexdigest()
        self.sections = [section["id"] for section in pack["stages"][0]["sections"]]
        self.weights = [Fraction(self.profile["shares"][section]) for section in self.sections]
        self.floors = [Fraction(section["floor"]) for section in pack["stages"][0]["sections"]]
        self.items = [item for section in pack["stages"][0]["sections"] for item in section["items"]]
        for item in self.items:
            self.rows.append(outcomes_of(item))
            if sum(map(len, self.rows)) > ROWS_MAX:
                raise TooManyError
        self.best = [max(points for _, points, _ in rows) for rows in self.rows]
        self.members: list[range] = []
        for section in pack["stages"][0]["sections"]:
            start = self.members[-1].stop if self.members else 0
            self.members.append(range(start, start + len(section["items"])))
        self.verdicts = [verdict["id"] for verdict in pack["verdicts"]]
        self.bands = [Fraction(verdict["from"]) for verdict in pack["verdicts"] if verdict["from"] is not None]
        own = [(flag, pack["caps"][flag], {"flag": flag, "at_least": 1}) for flag in ("fatal", "knock_out")]
        own += [(f"override:{override['id']}", override["cap"], override["when"]) for override in pack["overrides"]]
        self.caps = [(by, self.verdicts.index(verdict), when) for by, verdict, when in own]
        # The conditions by what they look at. No flag needs to be counted beyond the highest number asked for.
        found = {canonical(leaf): leaf for _, _, when in self.caps for leaf in leaves(when)}
        self.enough = [max([x["at_least"] for x in found.values() if x.get("flag") == flag] + [0]) for flag in FLAGS]
        self.named = [[(key, x["is"]) for key, x in found.items() if x.get("item") == i["id"]] for i in self.items]
        low = {key: (x["section"], Fraction(x["below"])) for key, x in found.items() if "section" in x}
        self.below = [[(key, share) for key, (of, share) in low.items() if of == name] for name in self.sections]

    def decode(self, outcomes: str) -> list[Row]:
        """Return each item's outcome."""
        widths = [next(n for n in (1, 2, 3) if len(rows) <= 64**n) for rows in self.rows]
        if len(outcomes) != sum(widths):
            raise DiffersError("outcomes", f"{sum(widths)} digits", f"{len(outcomes)} digits")
        rows = []
        for i, width in enumerate(widths):
            code, outcomes = [DIGITS.index(digit) for digit in outcomes[:width]], outcomes[width:]
            number = sum(digit * 64 ** (width - 1 - n) for n, digit in enumerate(code))
            # There is one stage, and it counts as handed in: nothing in it is unopened.
            if number >= len(self.rows[i]) or number == COMMON.index("unopened"):
                raise DiffersError("outcomes", f"a code of item {self.items[i]['id']}", number)
            rows.append(self.rows[i][number])
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
        self.maxima = [sum((plan.best[i] for i in members if i not in excluded), ZERO) for members in plan.members]
        self.shares: list[Fraction | None] = []
        self.total = ZERO
        for n, members in enumerate(plan.members):
            earned = sum((rows[i][1] for i in members), ZERO)
            share = max(plan.floors[n], earned / self.maxima[n]) if self.maxima[n] else None
            self.shares.append(share)
            self.total += plan.weights[n] * (share or 0)
            if share is None and plan.weights[n]:
                self.awaited |= excluded.intersection(members)
        self.total = max(ZERO, self.total)
        self.status = "ended" if self.flags["knock_out"] else "pending" if self.awaited else "decided"  # step 7

    def caps_of(self, state: State) -> list[int]:
        """Return which caps hold in a completion (step 5); without proof of notice `fatal` puts none."""
        found = [n for n, (_, _, when) in enumerate(self.plan.caps) if holds(when, state[1], state[2])]
        return [n for n in found if (self.plan.caps[n][0], self.notice) != ("fatal", False)]

    def completions(self, totals: bool) -> set[State]:
        """
        Return what the completions come to (step 6): total (0 where `totals` is false), flags counted, conditions.

        Where nothing is awaited, the case is its own and only completion. Else it goes section by section, and of all
        combinations keeps only what can still make a difference.
        """
        plan, whole = self.plan, {NOTHING}
        for n, members in enumerate(plan.members):
            part, maximum = {NOTHING}, self.maxima[n]
            matters = bool(plan.below[n]) or (totals and plan.weights[n] > 0)
            for i in members:
                given = self.given(i) if i in self.awaited and self.rows[i][0] != "excluded" else [self.rows[i]]
                part = self.join(part, {self.state(i, row, matters and maximum > 0) for row in given})
            if matters and not maximum and plan.weights[n]:
                # An empty section gets any share that its items could give it; what they raise is left out of account.
                maximum = sum((plan.best[i] for i in members), ZERO)
                for i in members:
                    part = self.join(part, {(row[1], *NOTHING[1:]) for row in self.given(i)})
            if matters and maximum:
                shares = [(max(plan.floors[n], earned / maximum), counts, true) for earned, counts, true in part]
                part = {
                    (share * plan.weights[n] * totals, counts, true.union(key for key, x in plan.below[n] if share < x))
                    for share, counts, true in shares
                }
            whole = self.join(whole, part)
        return whole

    def given(self, item: int) -> list[Row]:
        """Return the outcomes that a completion may give."""
        never = (*self.plan.items[item]["awaits"], "excluded", "unopened")
        return [row for row in self.plan.rows[item] if row[0] not in never]

    def state(self, item: int, row: Row, counted: bool) -> State:
        """Return what one outcome adds."""
        counts = tuple(int(flag in row[2] and self.plan.enough[n] > 0) for n, flag in enumerate(FLAGS))
        return row[1] * counted, counts, frozenset(key for key, names in self.plan.named[item] if row[0] in names)

    def join(self, left: set[State], right: set[State]) -> set[State]:
        """Return every state of `left` with every state of `right` added to it."""
        if len(left) * len(right) > STEPS_MAX:
            raise TooManyError
        found: set[State] = set()
        for a, b in product(left, right):
            counts = tuple(min(enough, a[1][n] + b[1][n]) for n, enough in enumerate(self.plan.enough))
            found.add((a[0] + b[0], counts, a[2] | b[2]))
            if len(found) > STATES_MAX:
                raise TooManyError
        return found

    def settle(self) -> tuple[list[int], list[int], int | None]:
        """Return the caps that hold in every completion, the band if nothing is awaited, the verdict (steps 4, 5, 8)."""
        held = [self.caps_of(state) for state in self.completions(totals=False)]
        caps = [n for n in range(len(self.plan.caps)) if all(n in caps for caps in held)]
        band = [] if self.awaited else [self.band(self.total)]
        return caps, band, None if self.status == "pending" else max([self.plan.caps[n][1] for n in caps] + band)

    def band(self, total: Fraction) -> int:
        """Return the best verdict whose `from` the total reaches (step 4)."""
        return next(verdict for verdict, low in enumerate(self.plan.bands) if total >= low)

    def reachable(self) -> list[int]:
        """Return the verdicts that completions reach, best first."""
        verdicts = set()
        for state in self.completions(totals=True):
            caps = [self.plan.caps[n][1] for n in self.caps_of(state)]
            verdicts.add(max([self.band(max(ZERO, state[0])), *caps]))
        return sorted(verdicts)

    def unclear(self, verdict: int) -> bool:
        """Tell whether giving some unclear answers their best outcome would change the verdict (step 10)."""
        best = {}
        for i in [i for i, row in enumerate(self.rows) if row[0] == "unclear"]:
            own = self.plan.rows[i][len(COMMON) :]
            most = [row for row in own if row[1] == max(other[1] for other in own)]
            best[i] = next((row for row in most if not row[2]), most[0])
        flagged = any(row[2] for row in best.values())
        if flagged and len(best) > 10:
            return True
        smallest = 1 if flagged else max(1, len(best))  # where no best outcome raises a flag, all at once decide
        for chosen in (some for size in range(smallest, len(best) + 1) for some in combinations(best, size)):
            rows = [best[i] if i in chosen else row for i, row in enumerate(self.rows)]
            if Case(self.plan, rows, self.notice).settle()[2] != verdict:
                return True
        return False


def judge(plan: Plan, decision: dict[str, Any], reach: bool = True) -> dict[str, Any]:
    """Return the decision that follows from `outcomes`, `notice` and `irregularities`; UNKNOWN where too many."""
    rows, names = plan.decode(decision["outcomes"]), plan.verdicts
    case = Case(plan, rows, None if plan.pack["notice"] is None else decision["notice"] is True)
    pending, awaits = case.status == "pending", bool(case.awaited)
    shares = {section: case.shares[n] for n, section in enumerate(plan.sections)}
    unproven = bool(case.flags["fatal"]) and case.notice is False
    reasons = {"refer": case.flags["refer"], "irregularity": decision["irregularities"], "notice": unproven}
    # Causes stand before their consequences, so that the first field that differs is the one that went wrong.
    result: dict[str, Any] = {
        "semantics": 1,
        "level": None,
        "handed_in": ["main"],
        "pack": plan.digest,
        "profile": plan.profile["id"],
        "assumed": [f"profile:{plan.profile['id']}"] if plan.profile["assumed"] else [],
        "notice": case.notice,
        "irregularities": sorted(set(decision["irregularities"])),
        "outcomes": decision["outcomes"],
        "flags": {flag: item_set(raised, len(rows)) for flag, raised in case.flags.items() if raised},
        "awaited": item_set(case.awaited, len(rows)),
        "status": case.status,
        "sections": None if awaits else {key: None if s is None else str(s) for key, s in shares.items()},
        "score": None if awaits else str(case.total),
        "caps": UNKNOWN,
        "verdict": None if pending else UNKNOWN,
        "determined_by": [] if pending else UNKNOWN,
        "reachable": UNKNOWN if pending else None,
        "holds": [hold for hold in HOLDS if reasons.get(hold)] if pending else UNKNOWN,
        "action": "wait" if pending else UNKNOWN,
    }
    with suppress(TooManyError):
        caps, band, verdict = case.settle()
        result["caps"] = [{"by": plan.caps[n][0], "verdict": names[plan.caps[n][1]]} for n in caps]
        if verdict is not None:
            own = plan.pack["verdicts"][verdict]["action"]
            by = ["band"] * (band == [verdict]) + [plan.caps[n][0] for n in caps if plan.caps[n][1] == verdict]
            result.update(verdict=names[verdict], determined_by=by)
            reasons.update(verdict=own == "review", unclear=case.unclear(verdict))  # steps 9 and 10
            result["holds"] = [hold for hold in HOLDS if reasons.get(hold)]
            result["action"] = "review" if result["holds"] else own  # step 11
    with suppress(TooManyError):
        if pending and reach:
            result["reachable"] = [names[verdict] for verdict in case.reachable()]
    return result


def recompute(pack: dict[str, Any], decision: dict[str, Any]) -> dict[str, Any]:
    """Return the decision that follows from a pack and a decision's outcomes; a field is "?" where too many."""
    return judge(Plan(pack, decision["profile"]), decision)


def item_set(items: Iterable[int], size: int) -> str:
    """Return a set of items as digits, the first item the most significant bit of the first digit."""
    groups = [{i - start for i in items} for start in range(0, size, 6)]
    return "".join(DIGITS[sum(2 ** (5 - bit) for bit in group if 0 <= bit < 6)] for group in groups)


# --- the log ----------------------------------------------------------------------------------------------------------


def canonical(value: Any) -> str:
    """Return a value in the one spelling of FORMAT.md 1."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def load(data: bytes) -> Any:
    """Return what canonical JSON says; what is wrong with anything else, verify.py tells."""
    value = json.loads(data.decode("utf-8"))
    if canonical(value).encode("utf-8") != data:
        raise ValueError("not canonical JSON")
    return value


def lines(root: Path, only: int | None) -> Iterator[tuple[str, bytes]]:
    """Yield the place and the line of each record, or of one."""
    names = sorted(path for path in (root / "log").glob("*.jsonl") if path.stem.isdecimal() and path.is_file())
    for path in names:
        seq, offset = int(path.stem), 0
        if only is None or 0 <= only - seq < SEGMENT:
            with path.open("rb") as stream:
                while line := stream.readline(LINE_MAX + 1):
                    if only is None or only == seq:
                        yield f"record #{seq}, byte offset {offset} of log/{ascii(path.name)[1:-1]}", line
                    if not line.endswith(b"\n"):  # too long or cut: what follows in this file cannot be told apart
                        break
                    seq, offset = seq + 1, offset + len(line)


@lru_cache(maxsize=16)
def read_plan(root: Path, digest: str, profile: str) -> Plan:
    """Read a pack that a decision cites."""
    if len(digest) != 64 or not set(digest) <= set("0123456789abcdef"):
        raise ValueError("no digest; it is not used as a path")
    path = root / "packs" / f"{digest}.json"
    if path.exists() and not path.is_file():
        raise ValueError("no file")
    with path.open("rb") as stream:
        data = stream.read(PACK_MAX + 1)
    if sha256(data).hexdigest() != digest:
        raise DiffersError("pack", "the digest of its file: " + sha256(data).hexdigest(), digest)
    return Plan(load(data), profile)


def differs(field: str, expected: Any, found: Any) -> str:
    """Say which field differs; long values are cut."""
    return f"field `{field}`: expected {json.dumps(expected)[:500]}; found {json.dumps(found)[:500]}"


def examine(root: Path, line: bytes) -> tuple[str, str] | None:
    """Return the result for a line and what to say of it; None where it is no decision."""
    try:
        record = load(line[:-1])
        if record["type"] != "decision":
            return None
        decision = record["body"]["decision"]
        claimed = decision["reachable"] is not None
        expected = judge(read_plan(root, decision["pack"], decision["profile"]), decision, reach=claimed)
        for field, value in expected.items():
            found = decision[field]
            if value != UNKNOWN and (type(value) is not type(found) or value != found):
                return "FAILS", differs(field, value, found)
    except DiffersError as error:
        return "FAILS", differs(*error.args)
    except TooManyError:
        return "NOT CHECKED", "its pack has more outcomes than this program reads"
    except OSError as error:
        return "NOT CHECKED", f"its pack cannot be read from packs/: {error.strerror}"
    except MALFORMED as error:
        return "FAILS", f"expected a record and a pack as FORMAT.md says (run verify.py); found {type(error).__name__}"
    unknown = ", ".join(field for field, value in expected.items() if value == UNKNOWN)
    why = "there are too many combinations" if claimed else "the record claims nothing"
    return ("NOT CHECKED", f"{unknown}: {why}") if unknown else ("HOLDS", "")


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
        for place, line in lines(call.dir, call.record):
            result, detail = examine(call.dir, line) or ("", "")
            counts[result] += 1
            if detail and counts[result] <= SHOWN:
                print(f"{result} recompute: {place}: {detail}")
    except OSError as error:
        counts["NOT CHECKED"] += 1
        print(f"NOT CHECKED recompute: reading stopped: {error.strerror}")
    agree, differ, unchecked = counts["HOLDS"], counts["FAILS"], counts["NOT CHECKED"]
    if call.record is not None and not agree + differ + unchecked:
        parser.error(f"record #{call.record} is not there, or is no decision")
    overall = "FAILS" if differ else "NOT CHECKED" if unchecked else "HOLDS"
    print(
        f"{overall} recompute: {agree} decisions follow from their outcomes in every field, {differ} do not,"
        f" {unchecked} could not be checked in every field"
    )
    return {"FAILS": 1, "NOT CHECKED": 3, "HOLDS": 0}[overall]


if __name__ == "__main__":
    sys.exit(main())
