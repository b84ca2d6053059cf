"""
A second opinion: scoring written from the two normative pages alone, slowly, with `fractions.Fraction`.

Owns a literal transcription of `audit/FORMAT.md`, sections 5, 6 and 9: a submission becomes outcomes, and outcomes a decision; how an answer is
read is `oracle_reading`'s. Each function names the clause that it obeys; nothing is clever, and nothing is fast.

Must not know how the engine works: it imports nothing of `scoring`. It believes the pack it is given (the engine checks packs) and checks
submissions. It runs on Python 3.11, whose Unicode tables are those of Unicode 14.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import itertools
import math
from fractions import Fraction
from typing import Any, NamedTuple

from oracle_reading import (
    ABSENT,
    COMMON,
    DIGITS,
    FLAGS,
    MARKS,
    MAX_INTEGER,
    Outcome,
    Refused,
    Sentinel,
    conduct_breached,
    has_surrogate,
    is_count,
    is_digest,
    is_digit,
    is_text,
    outcome_table,
    prepare,
    read,
    recorded,
    sums_of,
)

__all__ = [
    "ABSENT",
    "COMMON",
    "DIGITS",
    "MARKS",
    "MAX_INTEGER",
    "UNKNOWN",
    "Outcome",
    "Refused",
    "decide",
    "differences",
    "has_surrogate",
    "outcome_table",
    "prepare",
    "read",
    "read_submission",
    "recorded",
    "settle",
]

MAX_CASES = 4_000  # distinguishable completions that are still tried one by one

BASE64URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
ID_CHARACTERS = set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-")
UNKNOWN = Sentinel("UNKNOWN")  # in a decision: too many completions to try, so that nothing can be compared here


# ---- Facts (FORMAT.md 9) --------------------------------------------------------------------------------------------------------------------


def sections_of(pack: dict) -> list[dict]:
    return [section for stage in pack["stages"] for section in stage["sections"]]


def items_of(pack: dict) -> list[dict]:
    return [item for section in sections_of(pack) for item in section["items"]]


def is_id(value: Any) -> bool:
    return type(value) is str and 1 <= len(value) <= 48 and set(value) <= ID_CHARACTERS


def is_time(value: Any) -> bool:
    """'UTC, 20 characters: `2026-11-21T09:00:00Z`', and a second that the calendar has."""
    if type(value) is not str or len(value) != 20:
        return False
    if any(
        not is_digit(c) if mark == "0" else c != mark for c, mark in zip(value, "0000-00-00T00:00:00Z", strict=True)
    ):
        return False
    try:
        dt.datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


def is_rational(value: Any) -> bool:
    """'an exact number in lowest terms: `0`, `3`, `-1/4`, `7/10`; the denominator is at least 2 where one stands; at most 4,096 characters'."""
    if type(value) is not str or not 1 <= len(value) <= 4_096:
        return False
    above, *below = value.removeprefix("-").split("/")
    if len(below) > 1 or not all(part and set(part) <= DIGITS for part in (above, *below)):
        return False
    if any(part != "0" and part.startswith("0") for part in (above, *below)) or value == "-0":
        return False
    return not below or (int(below[0]) >= 2 and math.gcd(int(above), int(below[0])) == 1)


def is_list_of_ids(value: Any, most: int) -> bool:
    return type(value) is list and len(value) <= most and all(is_id(entry) for entry in value)


def is_notice(value: Any) -> bool:
    if type(value) is not dict or not set(value) <= {"sha256", "at"}:
        return False
    return ("sha256" not in value or is_digest(value["sha256"])) and ("at" not in value or is_time(value["at"]))


def is_panel(value: Any) -> bool:
    """'who rates (1 to 200 printable ASCII characters each, at most 100) to the id of the role in which they do'."""
    return (
        type(value) is dict
        and len(value) <= 100
        and all(is_text(rater, 200) and all(" " <= c <= "~" for c in rater) for rater in value)
        and all(map(is_id, value.values()))
    )


def is_elapsed(pack: dict, value: Any) -> bool:
    """'item id to the seconds that were taken, an integer of 0 or more'."""
    ids = [item["id"] for item in items_of(pack)]
    return type(value) is dict and all(name in ids and is_count(seconds) for name, seconds in value.items())


def good_facts(pack: dict, facts: Any) -> bool:
    """The table of facts; '`variant`: required where the pack has variants, and refused where it has none'."""
    variants = [variant["id"] for variant in pack["variants"]]
    if type(facts) is not dict or (variants and "variant" not in facts):
        return False
    checks = {
        "accommodation": lambda value: is_rational(value) and 1 <= Fraction(value) <= 10,
        "elapsed": lambda value: is_elapsed(pack, value),
        "irregularities": lambda value: is_list_of_ids(value, 20),
        "notice": is_notice,
        "raters": is_panel,
        "started_at": is_time,
        "variant": lambda value: type(value) is str and value in variants,
    }
    return set(facts) <= set(checks) and all(checks[key](value) for key, value in facts.items())


def good_handed_in(pack: dict, stages: Any) -> bool:
    if type(stages) is not list or not all(type(stage) is str for stage in stages):
        return False
    return len(set(stages)) == len(stages) and set(stages) <= {stage["id"] for stage in pack["stages"]}


def good_reinstate(pack: dict, value: Any) -> bool:
    """'`{"reason":id, "stage":id}`: what a resolution says', of a stage that there is."""
    if type(value) is not dict or set(value) != {"reason", "stage"} or not is_id(value["reason"]):
        return False
    return value["stage"] in [stage["id"] for stage in pack["stages"]]


# ---- Submissions (FORMAT.md 9) --------------------------------------------------------------------------------------------------------------


class Circumstances(NamedTuple):
    """What a decision is made from beside the outcomes."""

    notice: bool | None
    irregularities: list[str]
    handed_in: list[str]
    reinstate: dict | None
    void: str | None


class Taken(NamedTuple):
    """A submission that is not refused."""

    outcomes: list[str]  # one for each item, in the pack's order
    variant: str | None
    circumstances: Circumstances


def is_of_case(item: dict, variant: str | None) -> bool:
    """FORMAT.md 5: 'The items *of a variant* are those whose `only` is `null` or that variant and that are not `void`'."""
    return item["only"] in (None, variant) and not item["void"]


def faults_at_the_top(pack: dict, submission: dict) -> list[Any]:
    """The top-level keys at fault."""
    known = {"answers", "case", "facts", "handed_in", "id", "not_administered", "reinstate", "void"}
    checks = {
        "case": lambda value: is_text(value, 200),
        "handed_in": lambda value: good_handed_in(pack, value),
        "id": is_id,
        "reinstate": lambda value: good_reinstate(pack, value),
        "void": is_id,
    }
    places = [key for key in submission if type(key) is not str or key not in known]
    places += [key for key, good in checks.items() if key in submission and not good(submission[key])]
    places += [] if good_facts(pack, submission.get("facts", {})) else ["facts"]
    places += [] if type(submission.get("answers")) is dict else ["answers"]  # required
    return places + ([] if type(submission.get("not_administered", {})) is dict else ["not_administered"])


def take(pack: dict, profile: str | None, level: str | None, submission: Any) -> Taken:
    """FORMAT.md 9 and the first table of reading.md, or `Refused`."""
    if type(submission) is not dict:
        raise Refused("submission")
    places = faults_at_the_top(pack, submission)
    answers = {} if "answers" in places else submission["answers"]
    excluded = {} if "not_administered" in places else submission.get("not_administered", {})
    facts = {} if "facts" in places else submission.get("facts", {})
    variant, panel = facts.get("variant"), facts.get("raters", {})
    items = {item["id"]: item for item in items_of(pack)}
    places += [name for name in answers if name not in items or name in excluded]
    places += [name for name, reason in excluded.items() if name not in items or not is_text(reason, 500)]
    if variant is not None:  # "An answer to an item that is not of the variant is refused"
        places += [name for name in answers if name in items and items[name]["only"] not in (None, variant)]
    outcomes = []
    for name, item in items.items():
        try:
            outcomes.append("excluded" if name in excluded else read(item, answers.get(name, ABSENT), panel))
        except Refused as refused:
            places.append(refused.item)
    if places:
        raise Refused(*places)

    stages = [stage["id"] for stage in pack["stages"]]
    handed_in = stages if len(stages) == 1 else [s for s in stages if s in submission.get("handed_in", [])]
    rules = Rules(pack, profile, level, variant)
    for i, item in enumerate(rules.items):
        if not is_of_case(item, variant):
            outcomes[i] = "excluded"
        elif outcomes[i] in ("absent", "blank") and stages[rules.stage_of[item["id"]]] not in handed_in:
            outcomes[i] = "unopened"  # "no entry or a blank one, in a stage that was not handed in"
    reinstate = submission.get("reinstate")
    circumstances = Circumstances(notice_proven(pack, facts), [], handed_in, reinstate, submission.get("void"))
    statuses = walk(rules, outcomes, circumstances)
    irregularities = set(facts.get("irregularities", []))
    for i, item in enumerate(rules.items):
        status = statuses[rules.stage_of[item["id"]]]
        if status == "not_evaluated" and item["id"] in answers:
            places.append(item["id"])  # "so is any answer in a stage after one that ended the case"
        if status in ("not_evaluated", "waiting") and is_of_case(item, variant):
            outcomes[i] = "unopened"  # "any item of a stage that was not evaluated"
        if not item["void"] and conduct_breached(item, answers.get(item["id"])):
            irregularities.add("conduct")
    if places:
        raise Refused(*places)
    return Taken(outcomes, variant, circumstances._replace(irregularities=sorted(irregularities)))


def read_submission(pack: dict, submission: Any, profile: str | None = None, level: str | None = None) -> list[str]:
    """One outcome for each item, in the pack's order, or `Refused`."""
    return take(pack, profile, level, submission).outcomes


def notice_proven(pack: dict, facts: dict) -> bool | None:
    """'Notice is proven if `notice.sha256` is the digest of the pack's `notice`, and `notice.at` is not after `started_at`.'"""
    if pack["notice"] is None:
        return None
    notice = facts.get("notice", {})
    if "sha256" not in notice or "at" not in notice or "started_at" not in facts:
        return False
    right_text = notice["sha256"] == hashlib.sha256(pack["notice"].encode()).hexdigest()
    return right_text and notice["at"] <= facts["started_at"]  # text of one width in order is time in order


# ---- The pack, laid out ---------------------------------------------------------------------------------------------------------------------


class Rules:
    """A pack under one profile, at one level, for one variant, with each item's outcomes laid out."""

    def __init__(self, pack: dict, profile: str | None, level: str | None, variant: str | None) -> None:
        self.pack = pack
        wanted = pack["default_profile"] if profile is None else profile
        (self.profile,) = (p for p in pack["profiles"] if p["id"] == wanted)
        self.level = level
        assert level in ([entry["id"] for entry in pack["levels"]] or [None])
        self.variant = variant
        self.stages = pack["stages"]
        self.stage_weights = [Fraction(self.profile["stages"][stage["id"]]) for stage in self.stages]
        self.sections = sections_of(pack)
        self.stage_of_section = [k for k, stage in enumerate(self.stages) for _ in stage["sections"]]
        self.weights = [Fraction(self.profile["shares"][section["id"]]) for section in self.sections]
        self.floors = [Fraction(section["floor"]) for section in self.sections]
        self.items = items_of(pack)
        self.section_of = {item["id"]: s for s, section in enumerate(self.sections) for item in section["items"]}
        self.stage_of = {name: self.stage_of_section[s] for name, s in self.section_of.items()}
        expected = {c["id"]: c["expected"][level] for c in pack["competencies"]}
        self.own = {i["id"]: outcome_table(i, expected.get(i.get("competency"))) for i in self.items}
        nothing = [Outcome(name, Fraction(0), ()) for name in ("absent", "blank", "invalid")]
        self.outcome = {name: {o.name: o for o in nothing + own} for name, own in self.own.items()}
        # "An item's best is the most that any of its outcomes earns, 0 at least."
        self.best = {name: max(o.points for o in table.values()) for name, table in self.outcome.items()}
        self.verdicts = [verdict["id"] for verdict in pack["verdicts"]]
        self.edges = [Fraction(v["from"]) for v in pack["verdicts"] if v["from"] is not None]  # "The bands come first"
        gates = [override for stage in self.stages for override in stage["gate"]]
        self.leaves = [leaf for override in [*gates, *pack["overrides"]] for leaf in leaves_of(override["when"])]
        self.watched = {(leaf["item"], tuple(leaf["is"])) for leaf in self.leaves if "is" in leaf}

    def has_score(self, stage: int) -> bool:
        """'0 for each section of a stage, which then has no score'."""
        return any(w > 0 for w, k in zip(self.weights, self.stage_of_section, strict=True) if k == stage)


def leaves_of(condition: dict) -> list[dict]:
    """Every condition inside *condition* that holds no other."""
    inner = condition.get("all", []) + condition.get("any", [])
    return [leaf for each in inner for leaf in leaves_of(each)] if inner else [condition]


# ---- What judging sees of a case ------------------------------------------------------------------------------------------------------------


class Case(NamedTuple):
    """All that judging can see of a case's outcomes; two completions that agree in it are one."""

    earned: tuple[Fraction, ...]  # for each section
    raised: tuple[tuple[int, ...], ...]  # for each stage, and each of FLAGS, how many items raised it
    met: frozenset[tuple[str, tuple[str, ...]]]  # (item, names) of each `is` condition that holds
    given: tuple[tuple[int, Fraction], ...]  # (section, share): what a completion gives to empty sections


class Judgement(NamedTuple):
    shares: list[Fraction | None]  # of the sections
    stage_shares: list[Fraction | None]
    total: Fraction | None  # None unless every stage was evaluated; and so is the band
    band: int | None
    caps: list[tuple[str, int]]

    def verdict(self) -> int | None:
        """6.8: 'the worst (last) of the band and the caps that hold'."""
        return max([verdict for _, verdict in self.caps] + ([] if self.band is None else [self.band]), default=None)


class Verdict(NamedTuple):
    status: str
    statuses: list[str]  # of the stages
    awaited: list[str]
    index: Any  # into the pack's verdicts, or None, or UNKNOWN
    judgement: Judgement  # of the evaluated stages, as they stand
    caps: Any  # list of (by, index), or UNKNOWN
    reachable: Any  # list of indices, or None, or UNKNOWN


def maxima(rules: Rules, outcomes: list[str]) -> list[Fraction]:
    """6.2: 'the sum of the bests of its items that are not `excluded`'."""
    total = [Fraction(0)] * len(rules.sections)
    for item, name in zip(rules.items, outcomes, strict=True):
        if name != "excluded":
            total[rules.section_of[item["id"]]] += rules.best[item["id"]]
    return total


def add(rules: Rules, case: Case, item: str, outcome: Outcome) -> Case:
    """The case with one more outcome in it (6.1 and the flags that it raises)."""
    s, k = rules.section_of[item], rules.stage_of[item]
    earned = (*case.earned[:s], case.earned[s] + outcome.points, *case.earned[s + 1 :])
    counts = tuple(n + (flag in outcome.flags) for flag, n in zip(FLAGS, case.raised[k], strict=True))
    raised = (*case.raised[:k], counts, *case.raised[k + 1 :])
    return Case(earned, raised, case.met | met(rules, item, outcome), case.given)


def met(rules: Rules, item: str, outcome: Outcome) -> frozenset[tuple[str, tuple[str, ...]]]:
    """The `is` conditions that this outcome of the item meets."""
    return frozenset((name, names) for name, names in rules.watched if name == item and outcome.name in names)


def case_of(rules: Rules, outcomes: list[str], leave_out: list[str]) -> Case:
    case = Case((Fraction(0),) * len(rules.sections), ((0,) * len(FLAGS),) * len(rules.stages), frozenset(), ())
    for item, name in zip(rules.items, outcomes, strict=True):
        if name not in ("excluded", "unopened") and item["id"] not in leave_out:
            case = add(rules, case, item["id"], rules.outcome[item["id"]][name])
    return case


def count(case: Case, flag: str, last: int) -> int:
    """How many items of the stages up to *last* raised the flag."""
    return sum(counts[FLAGS.index(flag)] for counts in case.raised[: last + 1])


# ---- Stage by stage (FORMAT.md 6, steps 2 to 5) ---------------------------------------------------------------------------------------------


def section_shares(rules: Rules, case: Case, maximum: list[Fraction], last: int) -> list[Fraction | None]:
    """6.2: 'share = max(floor, earned / maximum)'; None for an empty section, and beyond the stage *last*."""
    shares: list[Fraction | None] = []
    for s, stage in enumerate(rules.stage_of_section):
        if stage > last:
            shares.append(None)
        elif maximum[s] == 0:  # "the section is *empty*: it has no share"
            shares.append(dict(case.given).get(s))
        else:
            shares.append(max(rules.floors[s], case.earned[s] / maximum[s]))
    return shares


def stage_share(rules: Rules, shares: list[Fraction | None], stage: int) -> Fraction:
    """6.2: 'the sum of profile share times section share over its sections that are not empty'."""
    parts = zip(rules.weights, shares, rules.stage_of_section, strict=True)
    return sum((weight * share for weight, share, k in parts if k == stage and share is not None), Fraction(0))


def holds(rules: Rules, condition: dict, case: Case, shares: list[Fraction | None], last: int, own: int) -> bool:
    """The table of conditions in FORMAT.md 5, where the stages up to *last* were evaluated; flags count up to *own*, a gate's stage."""
    if "flag" in condition:  # "N items or more raised the flag"
        return count(case, condition["flag"], own) >= condition["at_least"]
    if "stage" in condition:
        (stage,) = (k for k, each in enumerate(rules.stages) if each["id"] == condition["stage"])
        return stage <= last and stage_share(rules, shares, stage) < Fraction(condition["below"])
    if "section" in condition:
        (share,) = (s for each, s in zip(rules.sections, shares, strict=True) if each["id"] == condition["section"])
        return share is not None and share < Fraction(condition["below"])  # "on an empty section ... never holds"
    if "is" in condition:
        return rules.stage_of[condition["item"]] <= last and (condition["item"], tuple(condition["is"])) in case.met
    parts = [
        holds(rules, each, case, shares, last, own) for each in condition.get("all", []) + condition.get("any", [])
    ]
    return all(parts) if "all" in condition else any(parts)


def lifted(rules: Rules, circumstances: Circumstances) -> int:
    """The last stage that the reinstatement in force covers, or -1."""
    ids = [stage["id"] for stage in rules.stages]
    return ids.index(circumstances.reinstate["stage"]) if circumstances.reinstate else -1


def gate_holds(rules: Rules, case: Case, maximum: list[Fraction], stage: int) -> bool:
    shares = section_shares(rules, case, maximum, stage)
    return any(holds(rules, gate["when"], case, shares, stage, stage) for gate in rules.stages[stage]["gate"])


def ends(
    rules: Rules, case: Case, maximum: list[Fraction], stage: int, circumstances: Circumstances, *, awaits: bool
) -> bool:
    """6.2: 'if an item of it raised `knock_out`, or if it awaits nothing and the condition of an override in its gate holds; unless ...'."""
    if stage <= lifted(rules, circumstances):  # "a `reinstate` is in force whose stage is this one or a later one"
        return False
    if case.raised[stage][FLAGS.index("knock_out")]:
        return True
    return not awaits and gate_holds(rules, case, maximum, stage)


def awaited_in(rules: Rules, outcomes: list[str], stage: int) -> list[str]:
    """6.2: what the stage awaits."""
    maximum = maxima(rules, outcomes)
    waiting = []
    for item, name in zip(rules.items, outcomes, strict=True):
        section = rules.section_of[item["id"]]
        lost = name == "excluded" and is_of_case(item, rules.variant)
        lost = lost and maximum[section] == 0 and rules.weights[section] > 0
        if rules.stage_of[item["id"]] == stage and (name in item["awaits"] or name in ("awaited", "unopened") or lost):
            waiting.append(item["id"])
    return waiting


def walk(rules: Rules, outcomes: list[str], circumstances: Circumstances) -> list[str]:
    """6.2: 'A stage is *evaluated* if it is the first, or if the one before it was evaluated and passed.' One status for each stage."""
    case, maximum = case_of(rules, outcomes, leave_out=[]), maxima(rules, outcomes)
    statuses: list[str] = []
    for k in range(len(rules.stages)):
        if statuses and statuses[-1] != "passed":
            statuses.append("waiting" if statuses[-1] in ("pending", "waiting") else "not_evaluated")
            continue
        awaits = awaited_in(rules, outcomes, k) != []
        if ends(rules, case, maximum, k, circumstances, awaits=awaits):
            statuses.append("ended")
        else:
            statuses.append("pending" if awaits else "passed")
    return statuses


def judge(rules: Rules, case: Case, maximum: list[Fraction], last: int, circumstances: Circumstances) -> Judgement:
    """6.2 to 6.5, of a case whose stages up to *last* were evaluated, and in which they await nothing."""
    shares = section_shares(rules, case, maximum, last)
    stage_shares = [stage_share(rules, shares, k) if k <= last else None for k in range(len(rules.stages))]
    total = band = None
    if last == len(rules.stages) - 1:  # "once every stage was evaluated"
        weighted = [w * share for w, share in zip(rules.stage_weights, stage_shares, strict=True) if share is not None]
        total = max(Fraction(0), sum(weighted, Fraction(0)))
        band = min(i for i, edge in enumerate(rules.edges) if total >= edge)  # the best of them comes first
    caps = []
    if count(case, "fatal", last) and circumstances.notice is not False:
        caps.append(("fatal", rules.pack["caps"]["fatal"]))
    covered = lifted(rules, circumstances)
    if count(case, "knock_out", last) > count(case, "knock_out", min(covered, last)):
        caps.append(("knock_out", rules.pack["caps"]["knock_out"]))
    caps += [  # "neither where a `reinstate` covers the stage of the item or the gate"
        ("gate:" + gate["id"], gate["cap"])
        for k in range(covered + 1, last + 1)
        for gate in rules.stages[k]["gate"]
        if holds(rules, gate["when"], case, shares, last, k)
    ]
    caps += [
        ("override:" + override["id"], override["cap"])
        for override in rules.pack["overrides"]
        if holds(rules, override["when"], case, shares, last, last)
    ]
    return Judgement(shares, stage_shares, total, band, [(by, rules.verdicts.index(cap)) for by, cap in caps])


# ---- Completions (FORMAT.md 6, step 6) ------------------------------------------------------------------------------------------------------


def possible(rules: Rules, item: str) -> list[Outcome]:
    """6.6: 'any outcome of its own that is not in its `awaits` and not `awaited`, or `absent`, `blank`, `invalid` where they are not'."""
    (awaits,) = (each["awaits"] for each in rules.items if each["id"] == item)
    return [outcome for name, outcome in rules.outcome[item].items() if name not in awaits and name != "awaited"]


def possible_shares(rules: Rules, section: int) -> set[Fraction]:
    """6.6: 'any share that it would have if each of its items, the excluded ones too, had such an outcome'."""
    ids = [item["id"] for item in rules.sections[section]["items"] if is_of_case(item, rules.variant)]
    maximum = sum(rules.best[name] for name in ids)
    sums = sums_of([sorted({outcome.points for outcome in possible(rules, name)}) for name in ids])
    return {max(rules.floors[section], earned / maximum) for earned in sums}


def open_items(rules: Rules, outcomes: list[str], stage: int) -> list[str]:
    """The items of a stage to which a completion gives an outcome: those that it awaits or that are unopened."""
    awaited = awaited_in(rules, outcomes, stage)
    named = zip(rules.items, outcomes, strict=True)
    return [item["id"] for item, name in named if item["id"] in awaited and name != "excluded"]


def complete(rules: Rules, outcomes: list[str], cases: set[Case], stage: int) -> Any:
    """6.6: every way to complete one stage, of each of these cases; UNKNOWN where more than MAX_CASES differ."""
    for name in open_items(rules, outcomes, stage):
        # Outcomes that judging cannot tell apart are tried once.
        different = {(o.points, o.flags, met(rules, name, o)): o for o in possible(rules, name)}
        if len(cases) * len(different) > 5 * MAX_CASES:
            return UNKNOWN
        cases = {add(rules, case, name, outcome) for case in cases for outcome in different.values()}
        if len(cases) > MAX_CASES:
            return UNKNOWN
    maximum = maxima(rules, outcomes)
    for s, k in enumerate(rules.stage_of_section):
        if k == stage and maximum[s] == 0 and rules.weights[s] > 0:
            shares = possible_shares(rules, s)
            cases = {case._replace(given=(*case.given, (s, share))) for case in cases for share in shares}
            if len(cases) > MAX_CASES:
                return UNKNOWN
    return cases


def merge(rules: Rules, cases: set[Case], maximum: list[Fraction], last: int) -> set[Case]:
    """Of the cases that no later stage, and no override, can tell apart once the stages up to *last* are passed, one each."""
    most = max([leaf["at_least"] for leaf in rules.leaves if "flag" in leaf], default=1)
    kept = {}
    for case in cases:
        shares = section_shares(rules, case, maximum, last)
        parts = [weight * stage_share(rules, shares, k) for k, weight in enumerate(rules.stage_weights[: last + 1])]
        below = [holds(rules, leaf, case, shares, last, last) for leaf in rules.leaves if "below" in leaf]
        counts = [tuple(min(n, most) for n in numbers) for numbers in case.raised]
        kept[sum(parts), tuple(below), tuple(counts), case.met] = case
    return set(kept.values())


def lasting_caps(rules: Rules, outcomes: list[str], last: int, circumstances: Circumstances) -> Any:
    """6.5: 'a cap is listed if it holds in every completion, looking at the evaluated stages alone'."""
    case = case_of(rules, outcomes, leave_out=open_items(rules, outcomes, last))
    cases = complete(rules, outcomes, {case}, last)
    if cases is UNKNOWN:
        return UNKNOWN
    maximum = maxima(rules, outcomes)
    found = [judge(rules, case, maximum, last, circumstances).caps for case in cases]
    return [cap for cap in found[0] if all(cap in caps for caps in found)]


def reached(rules: Rules, outcomes: list[str], circumstances: Circumstances) -> Any:
    """6.6: the verdicts of every completion, each of which may end at a stage; UNKNOWN where more than MAX_CASES differ."""
    maximum = maxima(rules, outcomes)
    opened = [name for k in range(len(rules.stages)) for name in open_items(rules, outcomes, k)]
    cases = {case_of(rules, outcomes, leave_out=opened)}
    found = set()
    for k in range(len(rules.stages)):
        cases = complete(rules, outcomes, cases, k)
        if cases is UNKNOWN:
            return UNKNOWN
        stopped = {case for case in cases if ends(rules, case, maximum, k, circumstances, awaits=False)}
        if k == len(rules.stages) - 1:
            stopped = cases
        found |= {judge(rules, case, maximum, k, circumstances).verdict() for case in stopped}
        cases = merge(rules, cases - stopped, maximum, k)
    return sorted(found)


# ---- Verdict, holds (FORMAT.md 6, steps 7 to 10) --------------------------------------------------------------------------------------------


def find_verdict(rules: Rules, outcomes: list[str], circumstances: Circumstances, *, reach: bool = True) -> Verdict:
    """6.1 to 6.8; without *reach* `reachable` is left out."""
    statuses = walk(rules, outcomes, circumstances)
    evaluated = [k for k, status in enumerate(statuses) if status in ("passed", "ended", "pending")]
    last = evaluated[-1]  # "Else pending if it awaits something": of the evaluated stages only the last can await
    ended, pending = statuses[last] == "ended", statuses[last] == "pending"
    status = "void" if circumstances.void is not None else "ended" if ended else "pending" if pending else "decided"
    lacking = awaited_in(rules, outcomes, last)
    awaited = [name for k in range(len(statuses)) for name in awaited_in(rules, outcomes, k)]
    judgement = judge(rules, case_of(rules, outcomes, leave_out=[]), maxima(rules, outcomes), last, circumstances)
    caps = lasting_caps(rules, outcomes, last, circumstances) if lacking else judgement.caps
    if lacking:
        judgement = judgement._replace(total=None, band=None)
    index = reachable = None
    if status == "pending" and reach:
        reachable = reached(rules, outcomes, circumstances)
    if status in ("ended", "decided"):
        index = UNKNOWN if caps is UNKNOWN else judgement._replace(caps=caps).verdict()
    return Verdict(status, statuses, lacking if ended else awaited, index, judgement, caps, reachable)


def best_outcome(rules: Rules, item: str) -> Outcome:
    """6.10: 'the first, in the order of codes, of those that earn most and raise no flag; if each of those raises one, the first of them'."""
    own = rules.own[item]
    most = [outcome for outcome in own if outcome.points == max(o.points for o in own)]
    return next((outcome for outcome in most if not outcome.flags), most[0])


def unclear_matters(rules: Rules, outcomes: list[str], circumstances: Circumstances, index: Any) -> Any:
    """6.10: would giving some unclear items their best outcome change the verdict? True, False or UNKNOWN."""
    unclear = [i for i, name in enumerate(outcomes) if name == "unclear"]
    if not unclear:
        return False
    best = {i: best_outcome(rules, rules.items[i]["id"]) for i in unclear}
    if all(not outcome.flags for outcome in best.values()) and len(rules.stages) == 1:
        tries = [tuple(unclear)]  # "giving it to all of them at once decides this in a rubric of one stage"
    elif len(unclear) > 10:
        return True  # "with more than ten unclear items the hold is set without trying"
    else:
        tries = [some for size in range(1, len(unclear) + 1) for some in itertools.combinations(unclear, size)]
    unsure = False
    for some in tries:
        changed = [best[i].name if i in some else name for i, name in enumerate(outcomes)]
        other = find_verdict(rules, changed, circumstances, reach=False).index
        if other is UNKNOWN or index is UNKNOWN:
            unsure = True
        elif other != index:  # "to none, where a stage is passed that had ended the case"
            return True
    return UNKNOWN if unsure else False


def excerpts_of(rules: Rules) -> dict[str, list[int]]:
    """FORMAT.md 5: 'a section whose `declared` exceeds its items that are of the variant or of all, void ones counted too, is an *excerpt*'."""
    found = {}
    for section in rules.sections:
        present = sum(item["only"] in (None, rules.variant) for item in section["items"])
        if section["declared"] is not None and section["declared"] > present:
            found[section["id"]] = [present, section["declared"]]
    return found


def guard_left_out(rules: Rules, outcomes: list[str]) -> bool:
    """6.9, `excluded`: 'an outcome that raises `fatal` or `knock_out`, or an `item` condition of the pack names it'."""
    every = [*rules.pack["overrides"], *(gate for stage in rules.pack["stages"] for gate in stage["gate"])]
    named = {name for override in every for name in named_items(override["when"])}
    for item, outcome in zip(rules.items, outcomes, strict=True):
        severe = any({"fatal", "knock_out"} & {*row.flags} for row in rules.own[item["id"]])
        if outcome == "excluded" and is_of_case(item, rules.variant) and (severe or item["id"] in named):
            return True
    return False


def named_items(condition: dict) -> set[str]:
    inner = [*condition.get("all", []), *condition.get("any", [])]
    return {condition["item"]} if "item" in condition else {name for part in inner for name in named_items(part)}


def find_holds(
    rules: Rules, outcomes: list[str], found: Verdict, flags: dict[str, list[str]], circumstances: Circumstances
) -> Any:
    """6.9, in the order of the table: `void`, `refer`, `verdict`, `irregularity`, `notice`, `excerpt`, `excluded`, `unclear`."""
    if found.status == "void":
        return ["void"]
    pending = found.status == "pending"  # "While pending `verdict` and `unclear` are not considered"
    if not pending and found.index is UNKNOWN:
        return UNKNOWN
    unclear = False if pending else unclear_matters(rules, outcomes, circumstances, found.index)
    if unclear is UNKNOWN:
        return UNKNOWN
    answers = {
        "refer": "refer" in flags,
        "verdict": not pending and rules.pack["verdicts"][found.index]["action"] == "review",
        "irregularity": circumstances.irregularities != [],
        "notice": "fatal" in flags and circumstances.notice is False,
        "excerpt": excerpts_of(rules) != {},
        "excluded": guard_left_out(rules, outcomes),
        "unclear": unclear,
    }
    return [hold for hold, set_ in answers.items() if set_]


# ---- Spelling it out ------------------------------------------------------------------------------------------------------------------------


def item_set(rules: Rules, chosen: list[str]) -> str:
    """FORMAT.md 1: 'one base64url digit for each six items, the first item the most significant bit of the first digit, unused bits 0'."""
    bits = "".join("1" if item["id"] in chosen else "0" for item in rules.items)
    bits += "0" * (-len(bits) % 6)
    return "".join(BASE64URL[int(bits[i : i + 6], 2)] for i in range(0, len(bits), 6))


def code_of(rules: Rules, item: str, name: str) -> int:
    return [*COMMON, *(outcome.name for outcome in rules.own[item])].index(name)


def outcome_codes(rules: Rules, outcomes: list[str]) -> str:
    """FORMAT.md 7: 'one digit where the item has at most 64 codes, two to 4,096, three to 262,144', most significant first."""
    spelled = ""
    for item, name in zip(rules.items, outcomes, strict=True):
        codes = len(COMMON) + len(rules.own[item["id"]])
        width = 1 if codes <= 64 else 2 if codes <= 4096 else 3
        code = code_of(rules, item["id"], name)
        spelled += "".join(BASE64URL[code // 64**place % 64] for place in reversed(range(width)))
    return spelled


def flag_items(rules: Rules, outcomes: list[str]) -> dict[str, list[str]]:
    """'for each flag that was raised', the items that raised it; those of stages that were not evaluated are `unopened`."""
    items: dict[str, list[str]] = {}
    for item, name in zip(rules.items, outcomes, strict=True):
        if name not in ("excluded", "unopened"):
            for flag in rules.outcome[item["id"]][name].flags:
                items.setdefault(flag, []).append(item["id"])
    return items


def assumed(rules: Rules) -> list[str]:
    """'`profile:ID` ...; `expected:ID` for each competency ... that an item names; `rubric:ID`'."""
    named = [item.get("competency") for item in rules.items]
    profile = [f"profile:{rules.profile['id']}"] if rules.profile["assumed"] else []
    expected = [
        f"expected:{competency['id']}"
        for competency in rules.pack["competencies"]
        if rules.level in competency["assumed"] and competency["id"] in named
    ]
    return profile + expected + [f"rubric:{entry['id']}" for entry in rules.pack["assumed"]]


def spell(share: Fraction | None) -> str | None:
    return None if share is None else str(share)


def stage_entries(rules: Rules, found: Verdict) -> tuple[dict, dict]:
    """The decision's `sections` and `stages`: '`null` ... where its stage awaits something or was not evaluated'."""
    shown = [
        status in ("passed", "ended") and not any(rules.stage_of[name] == k for name in found.awaited)
        for k, status in enumerate(found.statuses)
    ]
    sections = {
        section["id"]: spell(share) if shown[k] else None
        for section, share, k in zip(rules.sections, found.judgement.shares, rules.stage_of_section, strict=True)
    }
    stages = {
        stage["id"]: [
            found.statuses[k],
            spell(found.judgement.stage_shares[k]) if shown[k] and rules.has_score(k) else None,
        ]
        for k, stage in enumerate(rules.stages)
    }
    return sections, stages


def determined_by(found: Verdict) -> Any:
    """'`band` first, where the band equals the verdict, then the `by` of every cap that equals it; `[]` without a verdict'."""
    if found.index is None:
        return []
    if found.index is UNKNOWN:
        return UNKNOWN
    band = ["band"] if found.judgement.band == found.index else []
    return band + [by for by, verdict in found.caps if verdict == found.index]


def settle(
    pack: dict,
    pack_digest: str,
    profile: str | None,
    outcomes: list[str],
    *,
    circumstances: Circumstances,
    variant: str | None = None,
    level: str | None = None,
) -> dict:
    """The decision object of FORMAT.md 6 from outcomes, by name and in the pack's order; fields may be UNKNOWN (see `differences`)."""
    rules = Rules(pack, profile, level, variant)
    found = find_verdict(rules, outcomes, circumstances)
    flags = flag_items(rules, outcomes)
    holds_ = find_holds(rules, outcomes, found, flags, circumstances)
    if found.status == "pending":
        action: Any = "wait"
    elif holds_ is UNKNOWN:
        action = UNKNOWN
    else:
        action = "review" if holds_ else pack["verdicts"][found.index]["action"]
    sections, stages = stage_entries(rules, found)
    return {
        "action": action,
        "assumed": assumed(rules),
        "awaited": item_set(rules, found.awaited),
        "caps": found.caps
        if found.caps is UNKNOWN
        else [{"by": by, "verdict": rules.verdicts[index]} for by, index in found.caps],
        "determined_by": determined_by(found),
        "excerpts": excerpts_of(rules),
        "flags": {flag: item_set(rules, items) for flag, items in flags.items()},
        "handed_in": circumstances.handed_in,
        "holds": holds_,
        "irregularities": circumstances.irregularities,
        "level": level,
        "notice": circumstances.notice,
        "outcomes": outcome_codes(rules, outcomes),
        "pack": pack_digest,
        "profile": rules.profile["id"],
        "reachable": [rules.verdicts[i] for i in found.reachable] if type(found.reachable) is list else found.reachable,
        "reinstate": circumstances.reinstate,
        "score": None if found.status == "void" else spell(found.judgement.total),
        "sections": sections,
        "semantics": 1,
        "stages": stages,
        "status": found.status,
        "variant": variant,
        "verdict": rules.verdicts[found.index] if type(found.index) is int else found.index,
        "void": circumstances.void,
    }


def decide(pack: dict, pack_digest: str, profile: str | None, submission: Any, level: str | None = None) -> dict:
    """The decision object of FORMAT.md 6, or `Refused`."""
    taken = take(pack, profile, level, submission)
    return settle(
        pack,
        pack_digest,
        profile,
        taken.outcomes,
        circumstances=taken.circumstances,
        variant=taken.variant,
        level=level,
    )


def differences(expected: dict, found: dict) -> list[str]:
    """
    The fields in which a decision differs from the oracle's.

    A field that is UNKNOWN here is not compared, nor is a `reachable` of null while pending: 'null there claims nothing'.
    """
    fields = sorted(set(expected) | set(found))
    differing = [
        f
        for f in fields
        if f not in expected or f not in found or (expected[f] is not UNKNOWN and expected[f] != found[f])
    ]
    silent = found.get("status") == "pending" and found.get("reachable", "") is None
    return [field for field in differing if not (field == "reachable" and silent)]
