"""
A decision: the object that is logged, and the view of it that people and hosts use.

Owns the keys of `audit/FORMAT.md`, section 6, and their spelling. Must not know how a verdict comes about.
"""

from __future__ import annotations

from scoring import canonical
from scoring.engine.conditions import count
from scoring.engine.exact import percent, points_away, spell
from scoring.engine.judge import Standing, action_of, holds_of, judge, stage_share
from scoring.engine.plan import SEMANTICS, Plan
from scoring.engine.reach import reachable_verdicts
from scoring.engine.table import EXCLUDED, FLAGS, OWN, UNOPENED
from scoring.errors import LogError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from fractions import Fraction
    from typing import Any

    from scoring.engine.circumstances import Circumstances
    from scoring.engine.parts import Item
    from scoring.engine.plain import Plain

__all__ = ["ALPHABET", "Competency", "Decision", "Reason", "decode_outcomes", "encode_outcomes", "item_set"]

ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_DIGIT = {chr(c): n for n, c in enumerate(ALPHABET)}


def body_of(plan: Plan, standing: Standing) -> dict[str, Any]:
    """Write a standing down. Source: FORMAT.md 6."""
    around = standing.around
    holds = holds_of(plan, standing)
    known = standing.band is not None and standing.status != "void"
    caps = [plan.caps[place] for place in standing.caps]
    verdict = standing.verdict
    reach = reachable_verdicts(plan, standing) if standing.status == "pending" else None
    return {
        "action": action_of(plan, standing, holds),
        "assumed": [*plan.assumed],
        "awaited": item_set(plan, standing.awaited),
        "caps": [{"by": by, "verdict": plan.verdicts[cap]} for by, cap in caps],
        "determined_by": [by for by, cap in (("band", standing.band), *caps) if cap == verdict and verdict is not None],
        "excerpts": {name: list(counts) for name, counts in standing.frame.excerpts.items()},
        "flags": _flags(plan, standing),
        "handed_in": around.handed_in,
        "holds": holds,
        "irregularities": around.irregularities,
        "level": plan.level,
        "notice": around.notice,
        "outcomes": encode_outcomes(plan, standing.codes),
        "pack": plan.digest,
        "profile": plan.profile,
        "reachable": None if reach is None else [plan.verdicts[place] for place in reach],
        "reinstate": around.reinstate,
        "score": spell(standing.total, standing.scale.unit) if known else None,
        "sections": _section_shares(plan, standing),
        "semantics": SEMANTICS,
        "stages": _stages(plan, standing),
        "status": standing.status,
        "variant": around.variant,
        "verdict": None if verdict is None else plan.verdicts[verdict],
        "void": around.void,
    }


def _plain_body(decision: Decision) -> dict[str, Any]:
    """Write down what the short road found: as `body_of` does it, and from the second time on by what is alike in all plain decisions of a verdict."""
    plan, road, found, proven = decision.plan, decision.road, decision.found, decision.proven
    alike = road.alike.get((decision.verdict, proven))
    if alike is None:
        data = body_of(plan, decision.standing)
        if road.whole:
            road.alike[decision.verdict, proven] = data | {key: data[key].copy() for key in _LISTS}
        return data
    data = alike.copy()
    for key in _LISTS:
        data[key] = alike[key].copy()
    arranged = road.arrange(found)
    data["outcomes"] = encode_outcomes(plan, road.codes(arranged))
    data["score"] = score = road.score(found)
    data["sections"] = road.shares(arranged)
    data["stages"] = {name: ["passed", score] for name in road.stages}
    return data


# What a decision holds that is a list or an object, and alike in all plain ones of a verdict.
_LISTS = ("assumed", "caps", "determined_by", "excerpts", "flags", "handed_in", "holds", "irregularities")


def _flags(plan: Plan, standing: Standing) -> dict[str, str]:
    if not standing.word:
        return {}
    raised = [(place, word) for place, words in plan.flagged if (word := words[standing.codes[place]])]
    return {
        flag: item_set(plan, [place for place, word in raised if count(word, n)])
        for n, flag in enumerate(FLAGS)
        if count(standing.word, n)
    }


def _is_settled(standing: Standing, stage: int) -> bool:
    """Whether a stage was evaluated and awaits nothing."""
    return stage < len(standing.stages) - bool(standing.waiting)


def _section_shares(plan: Plan, standing: Standing) -> dict[str, str | None]:
    shares: dict[str, str | None] = {}
    for section, earned, maximum in zip(plan.sections, standing.earned, standing.maxima, strict=True):
        floor, floor_den = section.floor
        if maximum == 0 or not _is_settled(standing, section.stage):
            shares[section.id] = None
        elif earned * floor_den < floor * maximum:
            shares[section.id] = spell(floor, floor_den)
        else:
            shares[section.id] = spell(earned, maximum)
    return shares


def _stages(plan: Plan, standing: Standing) -> dict[str, list[str | None]]:
    after = "waiting" if standing.stages[-1] == "pending" else "not_evaluated"
    stages: dict[str, list[str | None]] = {}
    for place, stage in enumerate(plan.stages):
        share = None
        if stage.scored and _is_settled(standing, place):
            share = spell(*stage_share(plan, standing, place))
        stages[stage.id] = [standing.stages[place] if place < len(standing.stages) else after, share]
    return stages


def item_set(plan: Plan, places: Iterable[int]) -> str:
    """Write a set of items, one base64url digit for each six. Source: FORMAT.md 1."""
    digits = [0] * (-(-len(plan.items) // 6))
    for place in places:
        digits[place // 6] |= 32 >> place % 6
    return "".join(chr(ALPHABET[digit]) for digit in digits)


def items_in(text: str) -> list[int]:
    """Read an item set back: the places of its items."""
    return [place * 6 + bit for place, digit in enumerate(text) for bit in range(6) if _DIGIT[digit] & 32 >> bit]


def encode_outcomes(plan: Plan, codes: Sequence[int]) -> str:
    """Write one code for each item. Source: FORMAT.md 7."""
    if plan.one_digit:
        return bytes(codes).translate(_BY_CODE).decode()
    out = bytearray()
    for item, code in zip(plan.items, codes, strict=True):
        for shift in range(6 * (item.digits - 1), -1, -6):
            out.append(ALPHABET[code >> shift & 63])
    return out.decode()


_BY_CODE = ALPHABET.ljust(256, b"?")


def decode_outcomes(plan: Plan, text: str) -> list[int]:
    """
    Read `outcomes` back.

    Raises:
        LogError: It has another length, or names a code that an item does not have.
    """
    codes = []
    at = 0
    for item in plan.items:
        digits = text[at : at + item.digits]
        at += item.digits
        code = 0
        for digit in digits:
            code = code << 6 | _DIGIT.get(digit, 1 << 20)
        # Where there is one stage, it counts as handed in.
        if len(digits) < item.digits or code >= len(item.words) or (code == UNOPENED and len(plan.stages) == 1):
            raise LogError(f'outcomes do not fit the pack: item "{item.id}" has no such outcome')
        codes.append(code)
    if at != len(text):
        raise LogError("outcomes do not fit the pack: there are more of them than items")
    return codes


class Decision:
    """
    What came out for one submission: the verdict, the action, and why. Never changes.

    Attributes:
        verdict: The rubric's own name for the result, or None while pending.
        action: What a host branches on: ``advance``, ``review``, ``decline`` or ``wait``.
        road, found, proven: What the short road found, where it was taken; of use to nobody else.
    """

    __slots__ = ("_data", "_standing", "action", "found", "plan", "proven", "road", "verdict")

    _data: dict[str, Any] | None
    _standing: Standing | None

    def __init__(self, road: Plain, verdict: str | None, action: str, found: list[int], proven: bool) -> None:
        """Take over what the short road found; what it stands for is worked out when it is asked for. See `plain`."""
        self.plan = road.plan
        self.road = road
        self.verdict = verdict
        self.action = action
        self.found = found
        self.proven = proven
        self._data = self._standing = None

    @classmethod
    def of(cls, plan: Plan, codes: Sequence[int], around: Circumstances) -> Decision:
        """Judge outcomes, write down what they come to, and keep both."""
        standing = judge(plan, codes, around)
        data = body_of(plan, standing)
        decision = cls.__new__(cls)
        decision.plan, decision.verdict, decision.action = plan, data["verdict"], data["action"]
        decision._standing, decision._data = standing, data  # noqa: SLF001 - of this class
        return decision

    @property
    def standing(self) -> Standing:
        """What the verdict was worked out from, for explanations."""
        if self._standing is None:
            self._standing = judge(self.plan, *self.road.outcomes(self.found, self.proven))
        return self._standing

    @property
    def data(self) -> dict[str, Any]:
        """Exactly the object of FORMAT.md 6. Treat it as read-only."""
        if self._data is None:
            self._data = _plain_body(self)
        return self._data

    def canonical(self) -> bytes:
        """The bytes that are logged and that replay compares."""
        return canonical.dumps(self.data)

    @property
    def status(self) -> str:
        """``decided``, ``pending``, ``ended`` or ``void``."""
        status: str = self.data["status"]
        return status

    @property
    def score(self) -> Fraction | None:
        """The total as an exact share, or None while anything is awaited."""
        from fractions import Fraction

        score = self.data["score"]
        return None if score is None else Fraction(score)

    @property
    def percent(self) -> str | None:
        """The total in per cent, cut to two digits, so that what is shown never reaches a cut that the score did not."""
        return None if self.data["score"] is None else percent(self.standing.total, self.standing.scale.unit)

    @property
    def determined_by(self) -> tuple[str, ...]:
        """Everything that equals the verdict: ``band``, ``fatal``, ``knock_out``, ``gate:ID``, ``override:ID``."""
        return tuple(self.data["determined_by"])

    @property
    def holds(self) -> tuple[str, ...]:
        """Why a person must act first."""
        return tuple(self.data["holds"])

    @property
    def caps(self) -> dict[str, str]:
        """Every cap that holds, and the verdict that it puts."""
        return {cap["by"]: cap["verdict"] for cap in self.data["caps"]}

    @property
    def flags(self) -> dict[str, tuple[str, ...]]:
        """For each flag that was raised, the ids of the items that raised it."""
        return {flag: self._ids(items) for flag, items in self.data["flags"].items()}

    @property
    def awaited(self) -> tuple[str, ...]:
        """The ids of the items that wait for an answer."""
        return self._ids(self.data["awaited"])

    @property
    def reachable(self) -> tuple[str, ...] | None:
        """While pending: the verdicts that are still possible, best first; None where that is not worked out."""
        return None if self.data["reachable"] is None else tuple(self.data["reachable"])

    @property
    def sections(self) -> dict[str, Fraction | None]:
        """Each section's share by id, None where it is not known, or where nothing was administered."""
        from fractions import Fraction

        return {name: None if share is None else Fraction(share) for name, share in self.data["sections"].items()}

    @property
    def stages(self) -> dict[str, tuple[str, Fraction | None]]:
        """For each stage what became of it (``passed``, ``ended``, ``pending``, ``waiting``, ``not_evaluated``) and its share, where known."""
        from fractions import Fraction

        return {
            name: (status, None if share is None else Fraction(share))
            for name, (status, share) in self.data["stages"].items()
        }

    @property
    def void(self) -> str | None:
        """Why the sitting was made void, as a code; None where it was not."""
        void: str | None = self.data["void"]
        return void

    @property
    def reinstate(self) -> dict[str, str] | None:
        """The reinstatement in force: its reason, and the stage up to which it lifts knock-outs and gates."""
        reinstate: dict[str, str] | None = self.data["reinstate"]
        return reinstate

    @property
    def handed_in(self) -> tuple[str, ...]:
        """The stages that the candidate has finished."""
        return tuple(self.data["handed_in"])

    @property
    def variant(self) -> str | None:
        """The variant that the candidate takes, None where the rubric has none."""
        variant: str | None = self.data["variant"]
        return variant

    @property
    def level(self) -> str | None:
        """The level that the rubric was loaded for, None where it has none."""
        level: str | None = self.data["level"]
        return level

    @property
    def excerpts(self) -> dict[str, tuple[int, int]]:
        """For each section of which only a part is there: how many items it has, and how many the source declares."""
        return {name: (here, declared) for name, (here, declared) in self.data["excerpts"].items()}

    @property
    def competencies(self) -> tuple[Competency, ...]:
        """What was observed of each competency that a rating is about, and what the level expects."""
        return tuple(
            _competency(self, item)
            for item in self.plan.items
            if item.data["kind"] == "rating"
            and item.data["competency"] is not None
            and item.place not in self.standing.frame.outside
        )

    @property
    def outcomes(self) -> dict[str, str]:
        """The name of each item's outcome, by item id."""
        return {item.id: item.name(code) for item, code in zip(self.plan.items, self.standing.codes, strict=True)}

    @property
    def margins(self) -> dict[str, Fraction]:
        """How far the score is above (or, negative, below) the `from` of each band but the last."""
        from fractions import Fraction

        score = self.score
        if score is None:
            return {}
        cuts = zip(self.plan.verdicts, self.plan.cuts[:-1], strict=False)
        return {verdict: score - Fraction(*cut) for verdict, cut in cuts}

    @property
    def shown_margins(self) -> dict[str, str]:
        """The margins in percentage points, rounded away from zero: 0.00 means exactly on the cut."""
        return {verdict: points_away(m.numerator, m.denominator) for verdict, m in self.margins.items()}

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Why: first what determined the verdict, then the items that lost most of the score, ties in rubric order."""
        return (*_determining(self), *_losses(self))

    def _ids(self, items: str) -> tuple[str, ...]:
        return tuple(self.plan.items[place].id for place in items_in(items))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Decision) and self.data == other.data

    def __hash__(self) -> int:
        return hash((self.data["pack"], self.data["profile"], self.data["outcomes"]))

    def __repr__(self) -> str:
        return f"<Decision {self.status}: {self.verdict}, {self.action}, score {self.data['score']}>"


class Competency:
    """
    One competency in one rating.

    Attributes:
        competency, item: Their ids.
        expected: The id of the value that the level expects.
        observed: The id of the value that the raters came to; None where there is none, as while it is awaited, or by ``mean``.
        gap: How many values observed is above expected; negative below. None as `observed`.
    """

    __slots__ = ("competency", "expected", "gap", "item", "observed")

    def __init__(self, competency: str, item: str, expected: str, observed: str | None, gap: int | None) -> None:
        self.competency = competency
        self.item = item
        self.expected = expected
        self.observed = observed
        self.gap = gap

    def __repr__(self) -> str:
        return f"<{self.competency}: {self.observed}, expected {self.expected}>"


def _competency(decision: Decision, item: Item) -> Competency:
    plan = decision.plan
    values = [value["id"] for value in item.data["values"]]
    name = item.data["competency"]
    expected = next(c["expected"][plan.level] for c in plan.pack["competencies"] if c["id"] == name)
    place = decision.standing.codes[item.place] - OWN
    if not 0 <= place < 2 * len(values) or item.data["raters"]["combine"] == "mean":
        return Competency(name, item.id, expected, None, None)
    observed = values[place % len(values)]
    return Competency(name, item.id, expected, observed, values.index(observed) - values.index(expected))


class Reason:
    """
    One reason for a decision.

    Attributes:
        code: ``band``, ``fatal``, ``knock_out``, ``gate:ID``, ``override:ID`` or ``lost``.
        item: The item's id, or None.
        lost: For ``lost``, what the item's best outcome alone would have added to the total; else None.
        text: One sentence.
    """

    __slots__ = ("code", "item", "lost", "text")

    def __init__(self, code: str, item: str | None, lost: Fraction | None, text: str) -> None:
        self.code = code
        self.item = item
        self.lost = lost
        self.text = text

    def __repr__(self) -> str:
        return f"<Reason {self.text}>"


def _determining(decision: Decision) -> list[Reason]:
    plan, verdict = decision.plan, decision.verdict
    gates = [(stage["id"], gate) for stage in plan.pack["stages"] for gate in stage["gate"]]
    said = {f"override:{o['id']}": (f'the override "{o["id"]}"', o) for o in plan.pack["overrides"]}
    said |= {f"gate:{gate['id']}": (f'the gate "{gate["id"]}" of stage "{stage}"', gate) for stage, gate in gates}
    reasons = []
    for by in decision.determined_by:
        if by == "band":
            reasons.append(Reason(by, None, None, f"the score of {decision.percent} is in the band {verdict}"))
        elif by in said:
            who, override = said[by]
            text, why = f"{who} caps the verdict at {verdict}", override["about"].get("why")
            reasons.append(Reason(by, None, None, f"{text}: {why}" if why else text))
        else:
            flag = by.replace("_", "-")
            reasons += [
                Reason(by, item, None, f'a {flag} answer in "{item}" caps the verdict at {verdict}')
                for item in decision.flags[by]
            ]
    return reasons


def _losses(decision: Decision) -> list[Reason]:
    """What each item's best outcome alone would have added to the score: below a section's floor that may be nothing."""
    from fractions import Fraction

    standing, plan = decision.standing, decision.plan
    if decision.data["score"] is None:
        return []
    scale = standing.scale
    losses = []
    for item, code in zip(plan.items, standing.codes, strict=True):
        if code in {EXCLUDED, UNOPENED}:
            continue
        earned, factor, floor = (row[item.section] for row in (standing.earned, scale.factors, scale.floors))
        better = (earned + item.best - item.points[code]) * factor
        missed = max(better, floor) - max(earned * factor, floor)
        missed *= scale.weights[plan.sections[item.section].stage]
        if missed:
            losses.append((missed, item.id))
    losses.sort(key=lambda loss: -loss[0])  # stable: ties stay in rubric order
    return [
        Reason(
            "lost",
            name,
            Fraction(missed, scale.unit),
            f'"{name}" lost {points_away(missed, scale.unit)[1:]} percentage points',
        )
        for missed, name in losses
    ]
