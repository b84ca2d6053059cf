"""
A pack prepared for scoring: integers, tuples and dictionaries.

Owns the checking of a pack (everything that scoring relies on is checked here, so that a hand-made pack fails with a clear error and not with a wrong
verdict) and the layout that `judge` computes with. Must not know of submissions, files or YAML. A plan never changes and may be shared by threads.
"""

from __future__ import annotations

from hashlib import sha256
from math import lcm

from scoring import canonical
from scoring.engine.check import check_names, count_present, is_excerpt, items_of
from scoring.engine.classify import tabulate
from scoring.engine.exact import ratio, rational
from scoring.engine.parts import Item, Scale, Section, Stage
from scoring.engine.plain import plain_for
from scoring.engine.shape import check_shape
from scoring.engine.table import ENDING, EXCLUDED, FLAGS, OWN, UNOPENED
from scoring.errors import Problem, RubricError, did_you_mean

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any, TypeAlias

    from scoring.engine.circumstances import Circumstances
    from scoring.engine.exact import Rational
    from scoring.engine.plain import Plain
    from scoring.engine.table import Rater, Reader

    Tree: TypeAlias = int | tuple[bool, list["Tree"]]  # a literal's place, or (all?, branches)

__all__ = [
    "MAX_PACK",
    "SEMANTICS",
    "Frame",
    "Plan",
    "compile_plan",
    "scale_for",
    "scoring_form",
]

SEMANTICS = 1
MAX_PACK = 4 * 1024 * 1024  # bytes; 500 items need about 660 KB
MAX_DENOMINATOR = 10**15  # of the points of a section; keeps sums within two machine words and scores within a line


class Frame:
    """
    What one variant makes of the pack.

    Attributes:
        outside: Places of the items that are not of the variant, or void: always excluded.
        blank: The codes of a case of which nothing is known.
        maxima: What each section can earn, in its units, nothing else excluded.
        scale: For these maxima.
        excerpts: For each section that declares more items than it has: how many it has, and how many it declares.
    """

    __slots__ = ("blank", "excerpts", "maxima", "outside", "scale")

    scale: Scale

    def __init__(self, plan: Plan, variant: str | None) -> None:
        sections = [section for stage in plan.pack["stages"] for section in stage["sections"]]
        present = {item["id"] for section in sections for item in items_of(section, variant)}
        self.outside = frozenset(item.place for item in plan.items if item.id not in present)
        self.blank = [EXCLUDED if item.place in self.outside else UNOPENED for item in plan.items]
        self.maxima = [
            sum(item.best for item in plan.items[section.start : section.stop] if item.place not in self.outside)
            for section in plan.sections
        ]
        self.excerpts = {
            section["id"]: (count_present(section, variant), section["declared"])
            for section in sections
            if is_excerpt(section, variant)
        }


class Plan:
    """
    A pack, one of its profiles and levels, and everything worked out of them beforehand.

    Attributes:
        pack, digest, scoring_digest: The pack as parsed JSON, the SHA-256 of its bytes and that of its scoring form.
        assumed: What every decision names as assumed.
        verdicts, actions, bands: Verdict ids and actions, best first; how many of them are bands.
        caps: What each possible cap is called (`by`) and the verdict that it puts: fatal, knock_out, the gates, the overrides.
        literals: The conditions that contain no other: ("flag", place, n, stage), ("below", section, share), ("stage", stage, share) or
            ("is", item, codes). The stage of a flag literal is the last one in which raised flags count.
        trees: For each cap from the third on, how its literals combine.
        flagged, waiting, unclear: The items that can raise something, await something, be unclear.
        guards: The items that can end or cap a case: by fatal or knock_out, or because a condition names them.
        readers, rated: How each item is read; places, ids and readers of those that people rate.
        frames: For each variant; under None where there are no variants.
        plain: The short road, where the rules allow one.
    """

    __slots__ = (
        "actions", "assumed", "bands", "caps", "cuts", "digest", "flagged", "frames", "guards", "index", "items", "level", "literals", "notice_digest",
        "one_digit", "pack", "plain", "profile", "rated", "readers", "scoring_digest", "sections", "stage_index", "stages", "trees", "unclear", "verdicts",
        "waiting",
    )  # fmt: skip

    items: tuple[Item, ...]
    sections: tuple[Section, ...]
    stages: tuple[Stage, ...]
    frames: dict[str | None, Frame]
    guards: list[int]
    index: dict[str, int]
    one_digit: bool
    plain: Plain | None
    readers: list[tuple[str, Reader]]
    rated: list[tuple[int, str, Rater]]
    flagged: list[tuple[int, tuple[int, ...]]]
    waiting: list[tuple[int, frozenset[int]]]
    unclear: list[tuple[int, int]]
    literals: list[tuple[Any, ...]]
    trees: list[Tree]

    def __init__(self, pack: dict[str, Any], data: bytes, profile: dict[str, Any], level: str | None) -> None:
        self.pack = pack
        self.digest = sha256(data).hexdigest()
        self.scoring_digest = sha256(canonical.encode(scoring_form(pack))).hexdigest()
        self.profile: str = profile["id"]
        self.level = level
        self.assumed = _assumed(pack, profile, level)
        self.notice_digest = None if pack["notice"] is None else sha256(pack["notice"].encode()).hexdigest()
        self.verdicts: tuple[str, ...] = tuple(verdict["id"] for verdict in pack["verdicts"])
        self.actions: tuple[str, ...] = tuple(verdict["action"] for verdict in pack["verdicts"])
        self.cuts = [rational(verdict["from"]) for verdict in pack["verdicts"] if verdict["from"] is not None]
        self.bands = len(self.cuts)
        gates = [gate for stage in pack["stages"] for gate in stage["gate"]]
        self.caps = (
            *((flag, self.verdicts.index(pack["caps"][flag])) for flag in ("fatal", "knock_out")),
            *((f"gate:{gate['id']}", self.verdicts.index(gate["cap"])) for gate in gates),
            *((f"override:{o['id']}", self.verdicts.index(o["cap"])) for o in pack["overrides"]),
        )
        self.stage_index = {stage["id"]: place for place, stage in enumerate(pack["stages"])}

    def lifted(self, around: Circumstances) -> int:
        """The place of the last stage whose knock-outs and gates a reinstatement lifts; -1 for none."""
        return -1 if around.reinstate is None else self.stage_index[around.reinstate["stage"]]


def _assumed(pack: dict[str, Any], profile: dict[str, Any], level: str | None) -> list[str]:
    items = [item for stage in pack["stages"] for section in stage["sections"] for item in section["items"]]
    named = {item["competency"] for item in items if item["kind"] == "rating"}
    return [
        *([f"profile:{profile['id']}"] if profile["assumed"] else []),
        *(f"expected:{c['id']}" for c in pack["competencies"] if level in c["assumed"] and c["id"] in named),
        *(f"rubric:{entry['id']}" for entry in pack["assumed"]),
    ]


def compile_plan(pack: bytes, profile: str | None = None, level: str | None = None) -> Plan:
    """
    Check a pack and prepare it for scoring.

    Args:
        pack: Canonical JSON, at most 4 MiB, as FORMAT.md 5 says.
        profile: Which weights; the pack's default where None.
        level: Which level's expectations; needed where the rubric has levels, and refused where it has none.

    Raises:
        RubricError: With every problem found, each with the path of ids that leads to it.

    Source: FORMAT.md 5; DESIGN 4.
    """
    document = _parse(pack)
    problems = check_shape(document) or check_names(document)
    if problems:
        raise RubricError(problems)
    chosen = _choose_profile(document, profile, level)
    plan = _prepare(document, pack, chosen, level)
    for other in _other_levels(document, level):
        _prepare(document, pack, chosen, other)  # a pack is right at every level, or it is none
    for frame in plan.frames.values():
        frame.scale = scale_for(plan, frame.maxima)
    plan.plain = plain_for(plan)
    return plan


def _prepare(document: dict[str, Any], pack: bytes, profile: dict[str, Any], level: str | None) -> Plan:
    problems: list[Problem] = []
    plan = Plan(document, pack, profile, level)
    _lay_out(plan, profile, problems)
    _compile_overrides(plan, problems)
    _frame(plan, problems)
    if problems:
        raise RubricError(problems)
    return plan


def _other_levels(pack: dict[str, Any], level: str | None) -> list[str]:
    """The levels at which items earn otherwise than at this one."""
    items = [item for stage in pack["stages"] for section in stage["sections"] for item in section["items"]]
    by_level = any(item["kind"] == "rating" and item["level_points"] is not None for item in items)
    return [entry["id"] for entry in pack["levels"] if by_level and entry["id"] != level]


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
    levels = [entry["id"] for entry in pack["levels"]]
    if levels and level not in levels:
        hint = "" if level is None else did_you_mean(level, levels)
        message = "needs a level" if level is None else "this rubric has no such level"
        problems.append(Problem("level", f"{message}; it has {', '.join(levels)}{hint}", path="level"))
    if level is not None and not levels:
        problems.append(Problem("level", "this rubric has no levels; leave the level out", path="level"))
    if problems:
        raise RubricError(problems)
    return known[name]


def _lay_out(plan: Plan, profile: dict[str, Any], problems: list[Problem]) -> None:
    """Number the items, put every section's points on one denominator, and find what can happen to each item."""
    sections: list[Section] = []
    items: list[Item] = []
    stages: list[Stage] = []
    expected = {c["id"]: c["expected"] for c in plan.pack["competencies"]}
    gates = 2
    for place, data in enumerate(plan.pack["stages"]):
        first, start = len(sections), len(items)
        for own in data["sections"]:
            section = Section(own, place, len(items), rational(profile["shares"][own["id"]]))
            made = [
                Item(item, len(items) + n, len(sections), tabulate(item, _expected_place(item, expected, plan.level)))
                for n, item in enumerate(own["items"])
            ]
            _scale_points(section, made, problems)
            sections.append(section)
            items += made
        weight = rational(profile["stages"][data["id"]])
        ahead = range(gates, gates + len(data["gate"]))
        stages.append(Stage(data["id"], weight, range(first, len(sections)), range(start, len(items)), ahead))
        stages[-1].scored = any(section.share[0] for section in sections[first:])
        gates = ahead.stop
    plan.sections, plan.items, plan.stages = tuple(sections), tuple(items), tuple(stages)
    plan.index = {item.id: item.place for item in items}
    plan.one_digit = all(item.digits == 1 for item in items)
    plan.readers = [(item.id, item.read) for item in items]
    plan.rated = [(item.place, item.id, item.table.rate) for item in items if item.table.rate is not None]
    plan.flagged = [(item.place, item.words) for item in items if any(item.words)]
    plan.waiting = [(item.place, item.awaits) for item in items if item.awaits]
    plan.unclear = [(item.place, item.unclear) for item in items if item.unclear is not None]


def _expected_place(item: dict[str, Any], expected: dict[str, dict[str, str]], level: str | None) -> int | None:
    """Where the value that its competency expects stands on a rating's scale."""
    if item["kind"] != "rating" or item["competency"] is None or level is None:
        return None
    return [value["id"] for value in item["values"]].index(expected[item["competency"]][level])


def _frame(plan: Plan, problems: list[Problem]) -> None:
    """Look at each variant: every weighted section must have something to earn."""
    variants = [variant["id"] for variant in plan.pack["variants"]] or [None]
    plan.frames = {variant: Frame(plan, variant) for variant in variants}
    weighted = {name for p in plan.pack["profiles"] for name, share in p["shares"].items() if share != "0"}
    for variant, frame in plan.frames.items():
        of = "" if variant is None else f" in variant {variant}"
        for section, maximum in zip(plan.sections, frame.maxima, strict=True):
            if section.id in weighted and maximum == 0:
                message = f"has weight, but its items can earn nothing{of}"
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
    section.points = [item.points for item in items]


def _floored(points: Sequence[Rational], floor: str | None) -> Sequence[Rational]:
    if floor is None:
        return points
    low, low_den = rational(floor)
    return [(low, low_den) if num * low_den < low * den else (num, den) for num, den in points]


def scale_for(plan: Plan, maxima: Sequence[int]) -> Scale:
    """
    Put sections, stages, the total and the cuts on common denominators.

    Args:
        plan: Whose sections, stages and cuts.
        maxima: What each section can earn, in its units; a section with 0 does not count.
    """
    factors: list[Rational] = []
    floors: list[Rational] = []
    for section, maximum in zip(plan.sections, maxima, strict=True):
        share = section.share if maximum else (0, 1)
        factors.append(ratio(share[0], share[1] * (maximum or 1)))
        floors.append(ratio(share[0] * section.floor[0], share[1] * section.floor[1]))
    unit = lcm(*(den for _, den in (*factors, *floors, *plan.cuts)))
    scale = Scale(unit, *([num * (unit // den) for num, den in row] for row in (factors, floors)))
    whole = lcm(*(stage.weight[1] for stage in plan.stages))
    scale.unit = unit * whole
    scale.weights = [stage.weight[0] * (whole // stage.weight[1]) for stage in plan.stages]
    scale.cuts = [num * (scale.unit // den) for num, den in plan.cuts[:-1]]
    return scale


def _compile_overrides(plan: Plan, problems: list[Problem]) -> None:
    literals: dict[tuple[Any, ...], int] = {}
    last = len(plan.stages) - 1
    gates = [
        (gate, f"stages/{stage['id']}/gate/{gate['id']}", place)
        for place, stage in enumerate(plan.pack["stages"])
        for gate in stage["gate"]
    ]
    overrides = [(override, f"overrides/{override['id']}", last) for override in plan.pack["overrides"]]
    plan.trees = [
        _compile(plan, override["when"], (path, place), literals, problems)
        for override, path, place in (*gates, *overrides)
    ]
    plan.literals = [*literals]
    named = {literal[1] for literal in plan.literals if literal[0] == "is"}
    ending = {place for place, words in plan.flagged if any(word & ENDING for word in words)}
    plan.guards = sorted(named | ending)


def _compile(
    plan: Plan, when: dict[str, Any], at: tuple[str, int], literals: dict[tuple[Any, ...], int], problems: list[Problem]
) -> Tree:
    """Turn a condition into a tree of literals; *at* is the path for messages, and the last stage whose flags count."""
    for word in ("all", "any"):
        if word in when:
            return word == "all", [_compile(plan, inner, at, literals, problems) for inner in when[word]]
    literal: tuple[Any, ...]
    if "flag" in when:
        literal = ("flag", FLAGS.index(when["flag"]), when["at_least"], at[1])
    elif "section" in when:
        place = next(n for n, section in enumerate(plan.sections) if section.id == when["section"])
        literal = ("below", place, rational(when["below"]))
    elif "stage" in when:
        literal = ("stage", plan.stage_index[when["stage"]], rational(when["below"]))
    else:
        item = plan.items[plan.index[when["item"]]]
        literal = ("is", item.place, _listed_codes(item, when["is"], at[0], problems))
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
