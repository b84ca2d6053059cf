"""
A pack prepared for scoring: integers, tuples and dictionaries.

Owns the checking of a pack (everything that scoring relies on is checked here, so that a hand-made pack fails with a clear error and not with a wrong
verdict) and the layout that `judge` computes with. Must not know of submissions, files or YAML. A plan never changes and may be shared by threads.
"""

from __future__ import annotations

from hashlib import sha256
from math import lcm

from scoring import canonical
from scoring.engine.check import check_names
from scoring.engine.classify import (
    COMMON,
    EXCLUDED,
    FLAGS,
    OWN,
    Table,
    tabulate,
)
from scoring.engine.exact import ratio, rational
from scoring.engine.shape import check_shape
from scoring.errors import Problem, RubricError, did_you_mean

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any, TypeAlias

    from scoring.engine.classify import Reader
    from scoring.engine.exact import Rational

    Tree: TypeAlias = int | tuple[bool, list["Tree"]]  # a literal's place, or (all?, branches)

__all__ = ["MAX_PACK", "SEMANTICS", "Item", "Plan", "Scale", "Section", "compile_plan", "scale_for", "scoring_form"]

SEMANTICS = 1
MAX_PACK = 4 * 1024 * 1024  # bytes; 500 items need about 660 KB
MAX_DENOMINATOR = 10**15  # of the points of a section; keeps sums within two machine words and scores within a line


class Item:
    """
    One item, prepared.

    Attributes:
        place: Its number in the pack, from 0.
        points: What each code earns, in units of its section (1 / `Section.unit`); codes below `OWN` earn 0.
        words: What each code raises, flag counts in one integer.
        awaits: The codes that wait for a real answer.
        best: The most that it can earn, in units of its section; best_code: the outcome that *unclear* is measured against.
        unclear: The code of *unclear*, or None.
        digits: How many base64url digits its code has.
    """

    __slots__ = (
        "_named", "awaits", "best", "best_code", "data", "digits", "id", "place", "points", "read", "section", "table", "unclear", "words",
    )  # fmt: skip

    def __init__(self, data: dict[str, Any], place: int, section: int, table: Table) -> None:
        self.id: str = data["id"]
        self.data = data
        self.place = place
        self.section = section
        self.table = table
        self.read = table.read
        self.unclear = table.unclear
        self.awaits = frozenset(COMMON.index(name) for name in data["awaits"])
        self.words = (*(0,) * OWN, *table.words)
        self.points: tuple[int, ...] = ()
        self.best = self.best_code = 0
        self._named: dict[str, int] = {}
        self.digits = 1 + (len(self.words) > 64) + (len(self.words) > 64**2)

    def name(self, code: int) -> str:
        """The name of an outcome."""
        return COMMON[code] if code < OWN else self.table.name(code - OWN)

    def named(self) -> dict[str, int]:
        """The codes that a condition may name."""
        if not self._named:
            self._named = {self.name(code): code for code in self.codes() if code not in range(EXCLUDED, OWN)}
        return self._named

    def codes(self) -> range:
        """Every code that the item has."""
        return range(len(self.words))


class Section:
    """
    One section: items `start` to `stop` - 1, what they can earn together, and its weight in the profile.

    Attributes:
        unit: The common denominator of its items' points.
        maximum: What its items can earn, nothing excluded, in units.
        points: What each code of each of its items earns, in units.
        share: Its weight. floor: The lowest share that it can come to.
    """

    __slots__ = ("floor", "id", "maximum", "points", "share", "start", "stop", "unit")

    def __init__(self, data: dict[str, Any], start: int, share: Rational) -> None:
        self.id: str = data["id"]
        self.start = start
        self.stop = start + len(data["items"])
        self.floor = rational(data["floor"])
        self.share = share
        self.unit = 1
        self.maximum = 0
        self.points: list[tuple[int, ...]] = []


class Scale:
    """
    One common denominator for the total, given what each section's maximum is.

    Attributes:
        unit: The denominator.
        factors: What one unit of each section adds to the total; 0 for a section that does not count.
        floors: What each section adds at least.
        cuts: The lower edge of each band but the last, best first.
    """

    __slots__ = ("cuts", "factors", "floors", "unit")

    def __init__(self, unit: int, factors: Sequence[int], floors: Sequence[int], cuts: Sequence[int]) -> None:
        self.unit = unit
        self.factors = factors
        self.floors = floors
        self.cuts = cuts


class Plan:
    """
    A pack, one of its profiles, and everything worked out of them beforehand.

    Attributes:
        pack, digest, scoring_digest: The pack as parsed JSON, the SHA-256 of its bytes and that of its scoring form.
        verdicts, actions, bands: Verdict ids and actions, best first; how many of them are bands.
        caps: What each possible cap is called (`by`) and the verdict that it puts: fatal, knock_out, then every override.
        literals: The conditions that contain no other: ("flag", place, n), ("below", section, share) or ("is", item, codes).
        trees: For each override, how its literals combine.
        flagged, waiting, unclear: The items that can raise something, await something, be unclear.
        scale: For nothing excluded.
    """

    __slots__ = (
        "actions", "bands", "caps", "cuts", "digest", "flagged", "index", "items", "level", "literals", "notice_digest", "one_digit", "pack", "profile",
        "profile_assumed", "readers", "scale", "scoring_digest", "sections", "trees", "unclear", "verdicts", "waiting",
    )  # fmt: skip

    items: tuple[Item, ...]
    sections: tuple[Section, ...]
    scale: Scale
    index: dict[str, int]
    one_digit: bool
    readers: list[tuple[str, Reader]]
    flagged: list[tuple[int, tuple[int, ...]]]
    waiting: list[tuple[int, frozenset[int]]]
    unclear: list[tuple[int, int]]
    literals: list[tuple[Any, ...]]
    trees: list[Tree]

    def __init__(self, pack: dict[str, Any], data: bytes, profile: dict[str, Any], level: str | None) -> None:
        self.pack = pack
        self.digest = sha256(data).hexdigest()
        self.scoring_digest = sha256(canonical.dumps(scoring_form(pack))).hexdigest()
        self.profile: str = profile["id"]
        self.profile_assumed: bool = profile["assumed"]
        self.level = level
        self.notice_digest = None if pack["notice"] is None else sha256(pack["notice"].encode()).hexdigest()
        self.verdicts = tuple(verdict["id"] for verdict in pack["verdicts"])
        self.actions = tuple(verdict["action"] for verdict in pack["verdicts"])
        self.cuts = [rational(verdict["from"]) for verdict in pack["verdicts"] if verdict["from"] is not None]
        self.bands = len(self.cuts)
        self.caps = (
            *((flag, self.verdicts.index(pack["caps"][flag])) for flag in ("fatal", "knock_out")),
            *((f"override:{o['id']}", self.verdicts.index(o["cap"])) for o in pack["overrides"]),
        )


def compile_plan(pack: bytes, profile: str | None = None, level: str | None = None) -> Plan:
    """
    Check a pack and prepare it for scoring.

    Args:
        pack: Canonical JSON, at most 4 MiB, as FORMAT.md 5 says.
        profile: Which weights; the pack's default where None.
        level: For rubrics with levels; this version has none.

    Raises:
        RubricError: With every problem found, each with the path of ids that leads to it.

    Source: FORMAT.md 5; DESIGN 4.
    """
    document = _parse(pack)
    problems = check_shape(document) or check_names(document)
    if problems:
        raise RubricError(problems)
    chosen = _choose_profile(document, profile, level)
    plan = Plan(document, pack, chosen, level)
    _lay_out(plan, chosen["shares"], problems)
    _compile_overrides(plan, problems)
    if problems:
        raise RubricError(problems)
    plan.scale = scale_for(plan, [section.maximum for section in plan.sections])
    return plan


def _parse(pack: bytes) -> dict[str, Any]:
    if not isinstance(pack, bytes):
        raise RubricError([Problem("pack", "not a pack: expected its bytes")])
    if len(pack) > MAX_PACK:
        raise RubricError([Problem("pack", f"not a pack: longer than {MAX_PACK} bytes")])
    try:
        document = canonical.loads_canonical(pack)
    except canonical.CanonicalError as error:
        raise RubricError([Problem("pack", f"not a pack: {error}")]) from None
    if type(document) is not dict:
        raise RubricError([Problem("pack", "not a pack: expected an object")])
    return document


def scoring_form(pack: dict[str, Any]) -> Any:
    """The part of a pack that scoring depends on: without its name, its version, and every object under `about`."""
    return _without_about({key: value for key, value in pack.items() if key not in {"rubric", "version"}})


def _without_about(value: Any) -> Any:
    if type(value) is list:
        return [_without_about(member) for member in value]
    if type(value) is not dict:
        return value
    # Only objects: a section may be called "about", and then its share, a text, stands under that key.
    return {key: _without_about(member) for key, member in value.items() if key != "about" or type(member) is not dict}


def _choose_profile(pack: dict[str, Any], profile: str | None, level: str | None) -> dict[str, Any]:
    name = pack["default_profile"] if profile is None else profile
    known: dict[str, dict[str, Any]] = {entry["id"]: entry for entry in pack["profiles"]}
    problems = []
    if name not in known:
        problems.append(
            Problem(
                "profile", f"this rubric has no such profile; it has {', '.join(known)}{did_you_mean(name, [*known])}"
            )
        )
    if level is not None:
        problems.append(Problem("level", "this rubric has no levels; leave the level out"))
    if problems:
        raise RubricError(problems)
    return known[name]


def _lay_out(plan: Plan, shares: dict[str, str], problems: list[Problem]) -> None:
    """Number the items, put every section's points on one denominator, and find what can happen to each item."""
    sections: list[Section] = []
    items: list[Item] = []
    for stage in plan.pack["stages"]:
        for data in stage["sections"]:
            section = Section(data, len(items), rational(shares[data["id"]]))
            own = [Item(item, len(items) + n, len(sections), tabulate(item)) for n, item in enumerate(data["items"])]
            _scale_points(section, own, problems)
            sections.append(section)
            items += own
    plan.sections, plan.items = tuple(sections), tuple(items)
    plan.index = {item.id: item.place for item in items}
    plan.one_digit = all(item.digits == 1 for item in items)
    plan.readers = [(item.id, item.read) for item in items]
    plan.flagged = [(item.place, item.words) for item in items if any(item.words)]
    plan.waiting = [(item.place, item.awaits) for item in items if item.awaits]
    plan.unclear = [(item.place, item.unclear) for item in items if item.unclear is not None]
    weighted = {name for p in plan.pack["profiles"] for name, share in p["shares"].items() if share != "0"}
    for section in sections:
        if section.id in weighted and section.maximum == 0:
            message = "has weight, but its items can earn nothing"
            problems.append(Problem("pack", message, path=f"sections/{section.id}"))


def _scale_points(section: Section, items: list[Item], problems: list[Problem]) -> None:
    earned = [_floored(item.table.points, item.data["floor"]) for item in items]
    unit = 1
    for points in earned:
        for _, denominator in {*points}:
            unit = lcm(unit, denominator)
            if unit > MAX_DENOMINATOR:
                message = "the points of its items need a common denominator above 10^15: use rounder points"
                problems.append(Problem("pack", message, path=f"sections/{section.id}"))
                return
    section.unit = unit
    for item, points in zip(items, earned, strict=True):
        item.points = (*(0,) * OWN, *(numerator * (unit // denominator) for numerator, denominator in points))
        item.best = max(item.points)
        most = max(item.points[OWN:])
        top = [code for code, earned_here in enumerate(item.points) if code >= OWN and earned_here == most]
        item.best_code = next((code for code in top if not item.words[code]), top[0])
    section.maximum = sum(item.best for item in items)
    section.points = [item.points for item in items]


def _floored(points: Sequence[Rational], floor: str | None) -> Sequence[Rational]:
    if floor is None:
        return points
    low, low_den = rational(floor)
    return [(low, low_den) if num * low_den < low * den else (num, den) for num, den in points]


def scale_for(plan: Plan, maxima: Sequence[int]) -> Scale:
    """
    Put the total and the cuts on one denominator.

    Args:
        plan: Whose sections and cuts.
        maxima: What each section can earn, in its units; a section with 0 does not count.
    """
    factors: list[Rational] = []
    floors: list[Rational] = []
    for section, maximum in zip(plan.sections, maxima, strict=True):
        share = section.share if maximum else (0, 1)
        factors.append(ratio(share[0], share[1] * (maximum or 1)))
        floors.append(ratio(share[0] * section.floor[0], share[1] * section.floor[1]))
    unit = lcm(*(den for _, den in (*factors, *floors, *plan.cuts)))
    on_unit = [[num * (unit // den) for num, den in row] for row in (factors, floors, plan.cuts[:-1])]
    return Scale(unit, *on_unit)


def _compile_overrides(plan: Plan, problems: list[Problem]) -> None:
    literals: dict[tuple[Any, ...], int] = {}
    plan.trees = []
    for override in plan.pack["overrides"]:
        path = f"overrides/{override['id']}"
        plan.trees.append(_compile(plan, override["when"], path, literals, problems))
    plan.literals = [*literals]


def _compile(
    plan: Plan, when: dict[str, Any], path: str, literals: dict[tuple[Any, ...], int], problems: list[Problem]
) -> Tree:
    for word in ("all", "any"):
        if word in when:
            return word == "all", [_compile(plan, inner, path, literals, problems) for inner in when[word]]
    literal: tuple[Any, ...] = ()
    if "flag" in when:
        literal = ("flag", FLAGS.index(when["flag"]), when["at_least"])
    elif "section" in when:
        ids = [section.id for section in plan.sections]
        if when["section"] in ids:
            literal = ("below", ids.index(when["section"]), rational(when["below"]))
        else:
            problems.append(Problem("pack", f'names no section: "{when["section"]}"', path=path))
    elif when["item"] not in plan.index:
        problems.append(Problem("pack", f'names no item: "{when["item"]}"', path=path))
    else:
        item = plan.items[plan.index[when["item"]]]
        literal = ("is", item.place, _listed_codes(item, when["is"], path, problems))
    return literals.setdefault(literal, len(literals))


def _listed_codes(item: Item, names: list[str], path: str, problems: list[Problem]) -> frozenset[int]:
    """The codes that an `is` condition lists, once it is sure that the condition can only turn off as a case gets better."""
    codes = item.named()
    unknown = [name for name in names if name not in codes]
    if unknown:
        message = f'item "{item.id}" has no outcome "{unknown[0][:100]}"{did_you_mean(unknown[0], [*codes][:500])}'
        problems.append(Problem("pack", message, path=path))
        return frozenset()
    listed = frozenset(codes[name] for name in names)
    if not item.points:
        return listed  # its section could not be laid out, which is reported already
    if any(item.points[code] == item.best for code in listed):
        problems.append(Problem("pack", f'lists the best outcome of item "{item.id}"', path=path))
    plain = [code for code in codes.values() if not item.words[code]]
    reach = max((item.points[code] for code in listed if not item.words[code]), default=None)
    missing = [
        item.name(code) for code in plain if reach is not None and item.points[code] <= reach and code not in listed
    ]
    if missing:
        message = f'item "{item.id}": the list lacks {", ".join(missing[:10])}, which earn no more than what it holds'
        problems.append(Problem("pack", message, path=path))
    return listed
