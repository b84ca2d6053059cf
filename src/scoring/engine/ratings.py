"""
What people rate: ratings, checklists, and the rest of a rater's form.

Owns how the forms of several raters become one outcome (docs/reading.md, "What raters say"): who has to rate, what is awaited, how ratings are combined, and
what is of note. Every single rating stays in the submission; only the outcome goes on. Must not know of sections, weights or verdicts.
"""

from __future__ import annotations

from math import lcm

from scoring.engine.exact import ratio, rational, spell
from scoring.engine.ids import is_id
from scoring.engine.table import (
    ABSENT,
    BLANK,
    MAX_TEXT,
    NO_ENTRY,
    NOTE,
    OWN,
    Refused,
    Table,
    is_blank,
    kind_of,
    text_of,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
    from fractions import Fraction
    from typing import Any, TypeAlias

    from scoring.engine.exact import Rational

    Form: TypeAlias = dict[str, Any]

__all__ = [
    "COMBINES",
    "MAX_RATED_CODES",
    "RECORDS",
    "SEEN",
    "TICKS",
    "agreement",
    "checklist",
    "count_outcomes",
    "rating",
]

COMBINES = ("median", "mean", "lowest", "consensus")
MAX_RATED_CODES = 4096  # two base64url digits; twenty raters on a five-point scale by mean have some 500
MAX_WORDS = 500  # characters of a reason to abstain
MAX_CONCERN = 2000

# What a form may tick beside its rating: the key, the lists of the pack that it ticks, and the marks.
SEEN = ("observed", "not_observed", "not_probed")
_THERE = ("present", "missing")
_RULE = ("kept", "breached")
TICKS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "indicators": (("positive", "negative"), SEEN),
    "criteria": (("criteria",), SEEN),
    "deliverables": (("deliverables",), _THERE),
    "evidence": (("evidence",), _THERE),
    "ground_rules": (("ground_rules",), _RULE),
    "conduct": (("conduct",), _RULE),
    "constraints": (("constraints",), ("asked", "volunteered", "not_revealed")),
    "tensions": (("tensions",), ("delivered", "not_delivered")),
}
RECORDS = tuple(name for lists, _ in TICKS.values() for name in lists)


def rating(item: dict[str, Any], at: int | None = None) -> Table:
    """
    Make the table of a rating.

    Args:
        item: The checked item.
        at: The place of the value that its competency expects at the level, for `level_points`.
    """
    values = [value["id"] for value in item["values"]]
    points = _value_points(item, at)
    rules = item["raters"]
    by_mean = rules["combine"] == "mean"
    outcomes = _means(points, rules) if by_mean else points
    place_of = {point: place for place, point in enumerate(outcomes)}

    def come_to(answer: dict[str, Form], panel: Mapping[str, str]) -> int | None:
        given = {rater: values.index(form["rating"]) for rater, form in answer.items() if "rating" in form}
        if not _complete(rules, answer, panel) or not _is_quorum(rules, given, panel):
            return None
        if by_mean:
            return place_of[_sum_over([points[place] for place in given.values()], len(given))]
        return _combined(rules["combine"], sorted(given.values()))

    def check(form: Form) -> None:
        if not (type(form.get("rating")) is str and form["rating"] in values):
            raise Refused(f"a form needs a rating, one of {', '.join(values)}, or the reason why its rater abstained")

    def of_note(form: Form) -> bool:
        return _conflicts(item["records"], form, best=values[-1], worst=values[0])

    names = [spell(*point) for point in outcomes] if by_mean else values
    return _table(item, outcomes, names, _Kind("rating", check, come_to, of_note))


def checklist(item: dict[str, Any], at: int | None = None) -> Table:  # noqa: ARG001 - as `rating`
    """Make the table of a checklist: each line is a rating of its own, on two values."""
    lines = {line["id"]: rational(line["points"]) for line in item["lines"]}
    rules = item["raters"]
    outcomes = _sums(lines.values(), rules)
    place_of = {point: place for place, point in enumerate(outcomes)}

    def line_to(line: str, answer: dict[str, Form], panel: Mapping[str, str]) -> Rational | None:
        marks = {rater: form["lines"][line] for rater, form in answer.items() if "lines" in form}
        given = {rater: int(mark == "observed") for rater, mark in marks.items() if mark != "not_probed"}
        if not _is_quorum(rules, given, panel):
            return None
        if rules["combine"] == "mean":
            return ratio(lines[line][0] * sum(given.values()), lines[line][1] * len(given))
        seen = _combined(rules["combine"], sorted(given.values()))
        return None if seen is None else ratio(lines[line][0] * seen, lines[line][1])

    def come_to(answer: dict[str, Form], panel: Mapping[str, str]) -> int | None:
        finished = all(len(form["lines"]) == len(lines) for form in answer.values() if "lines" in form)
        if not finished or not _complete(rules, answer, panel):
            return None
        earned = [line_to(line, answer, panel) for line in lines]
        if None in earned:
            return None
        return place_of[_sum_over([point for point in earned if point is not None], 1)]

    def check(form: Form) -> None:
        if type(form.get("lines")) is not dict:
            raise Refused("a form needs its lines, an object, or the reason why its rater abstained")
        _check_ticks("lines", form["lines"], lines, SEEN)

    names = [spell(*point) for point in outcomes]
    return _table(item, outcomes, names, _Kind("lines", check, come_to, lambda _: False))


def count_outcomes(item: dict[str, Any]) -> int:
    """How many outcomes a rating or checklist has of its own, at least so many as make it too many where it has too many."""
    if item["kind"] == "checklist":
        return 2 * len(_sums([rational(line["points"]) for line in item["lines"]], item["raters"])) + 1
    if item["raters"]["combine"] == "mean":
        return 2 * len(_means([rational(value["points"]) for value in item["values"]], item["raters"])) + 1
    return 2 * len(item["values"]) + 1


class _Kind:
    """What tells ratings and checklists apart: the key of a form that is scored, how it is checked, what forms come to, and what is of note."""

    __slots__ = ("check", "come_to", "conflicts", "scored")

    def __init__(
        self,
        scored: str,
        check: Callable[[Form], None],
        come_to: Callable[[dict[str, Form], Mapping[str, str]], int | None],
        conflicts: Callable[[Form], bool],
    ) -> None:
        self.scored = scored
        self.check = check
        self.come_to = come_to
        self.conflicts = conflicts


def _table(item: dict[str, Any], outcomes: Sequence[Rational], names: Sequence[str], kind: _Kind) -> Table:
    """Every outcome, every outcome noted, and *awaited*."""
    awaited = OWN + 2 * len(outcomes)
    points = [*outcomes, *outcomes, (0, 1)]
    words = [*(0 for _ in outcomes), *(NOTE for _ in outcomes), 0]
    all_names = [*names, *(f"{name}+noted" for name in names), "awaited"]

    def rate(answer: object, panel: Mapping[str, str]) -> tuple[int, bool]:
        code = _nothing(answer)
        if code is not None:
            return code, False
        forms = _check_forms(answer, item, panel, kind)
        said = [form for form in forms.values() if "abstained" not in form]
        place = kind.come_to(forms, panel)
        breached = any("breached" in form.get("conduct", {}).values() for form in said)
        if place is None:
            return awaited, breached
        noted = any(_is_of_note(form) or kind.conflicts(form) for form in said)
        return OWN + place + noted * len(outcomes), breached

    # Without the panel only that there is nothing can be read; `rate` reads the rest.
    return Table(points, words, all_names.__getitem__, lambda a: _nothing(a) or ABSENT, awaited=awaited, rate=rate)


def _nothing(answer: object) -> int | None:
    """The code of an answer that says nothing, or None."""
    if answer is NO_ENTRY:
        return ABSENT
    if answer is None or answer in ([], {}) or (type(answer) is str and is_blank(text_of(answer))):
        return BLANK
    return None


def _check_forms(answer: object, item: dict[str, Any], panel: Mapping[str, str], kind: _Kind) -> dict[str, Form]:
    needs, most = item["raters"]["needs"], item["raters"]["max"]
    if type(answer) is not dict:
        raise Refused(f"expected an object: rater to form, got {kind_of(answer)}")
    if len(answer) > most:
        raise Refused(f"more raters than the {most} that may rate it")
    for rater, form in answer.items():
        shown = f'rater "{rater}"' if is_id(rater) else "a rater"
        if rater not in panel:
            raise Refused(f"{shown} is not on the panel: facts/raters must name everyone who rates")
        if panel[rater] not in needs:
            raise Refused(f"{shown} is there as {panel[rater]}; it takes {', '.join(needs)}")
        if type(form) is not dict:
            raise Refused(f"expected a form, an object, from {shown}, got {kind_of(form)}")
        _check_form(form, item["records"], kind)
    return answer


def _check_form(form: Form, records: dict[str, Any], kind: _Kind) -> None:
    if "abstained" in form:
        if len(form) > 1 or not text_of(form["abstained"], MAX_WORDS):
            raise Refused(f"a form that abstains holds the reason, 1 to {MAX_WORDS} characters, and nothing else")
        return
    kind.check(form)
    for key, said in form.items():
        if key in TICKS:
            lists, marks = TICKS[key]
            _check_ticks(key, said, {entry["id"] for name in lists for entry in records[name]}, marks)
        elif key in ("concern", "note"):
            if not text_of(said, MAX_CONCERN if key == "concern" else MAX_TEXT):
                raise Refused(f"{key} is empty: leave it out")
        elif key != kind.scored:
            shown = f'"{key}"' if is_id(key) else "one of these keys"
            raise Refused(f"a form has no {shown}; it has {', '.join((kind.scored, *TICKS, 'concern', 'note'))}")


def _check_ticks(key: str, said: object, known: Collection[str], marks: Sequence[str]) -> None:
    if type(said) is not dict:
        raise Refused(f"{key}: expected an object, got {kind_of(said)}")
    for name, mark in said.items():
        if name not in known:
            shown = f'"{name}"' if is_id(name) else "one of these names"
            raise Refused(f"{key}: the item does not have {shown}; it has {', '.join(sorted(known)) or 'none'}")
        if not (type(mark) is str and mark in marks):
            raise Refused(f"{key}/{name}: expected one of {', '.join(marks)}")


def _complete(rules: dict[str, Any], answer: dict[str, Form], panel: Mapping[str, str]) -> bool:
    """Whether everyone on the panel whose role is needed has said something."""
    return all(rater in answer for rater, role in panel.items() if role in rules["needs"])


def _is_quorum(rules: dict[str, Any], given: Iterable[str], panel: Mapping[str, str]) -> bool:
    """Whether the ratings that were given are enough for every role."""
    roles = [panel[rater] for rater in given]
    return all(roles.count(role) >= least for role, least in rules["needs"].items())


def _combined(how: str, places: list[int]) -> int | None:
    """What sorted places on a scale, worst first, come to; None where a consensus is not reached yet."""
    if how == "median":
        return places[(len(places) - 1) // 2]
    if how == "consensus" and places[0] != places[-1]:
        return None
    return places[0]


def _is_of_note(form: Form) -> bool:
    return "concern" in form or "breached" in form.get("ground_rules", {}).values()


def _conflicts(records: dict[str, Any], form: Form, *, best: str, worst: str) -> bool:
    """Whether what was ticked contradicts the rating beside it."""
    seen = form.get("indicators", {})
    if form["rating"] == best:
        lacks = any("missing" in form.get(key, {}).values() for key in ("deliverables", "evidence"))
        return lacks or any(seen.get(entry["id"]) == "observed" for entry in records["negative"])
    if form["rating"] == worst:
        good = records["positive"]
        return bool(good) and all(seen.get(entry["id"]) == "observed" for entry in good)
    return False


def _value_points(item: dict[str, Any], at: int | None) -> list[Rational]:
    by_level = item["level_points"]
    if by_level is None or at is None:
        return [rational(value["points"]) for value in item["values"]]
    below, met, above = (rational(by_level[key]) for key in ("below", "at", "above"))
    return [below if place < at else above if place > at else met for place in range(len(item["values"]))]


def _range(rules: dict[str, Any]) -> range:
    """How many ratings there can be."""
    return range(sum(rules["needs"].values()), rules["max"] + 1)


def _means(points: Sequence[Rational], rules: dict[str, Any]) -> list[Rational]:
    """Every mean of as many points as there can be ratings, by size; cut off past the bound."""
    unit = lcm(*(den for _, den in points))
    steps = {num * (unit // den) for num, den in points}
    sums = {0}
    means: set[Rational] = set()
    for k in range(1, rules["max"] + 1):
        sums = _all_sums(sums, steps)
        if k in _range(rules) or len(sums) > MAX_RATED_CODES:
            means |= {ratio(earned, k * unit) for earned in sums}
        if len(sums) > MAX_RATED_CODES:
            break
    return _by_size(means)


def _sums(lines: Iterable[Rational], rules: dict[str, Any]) -> list[Rational]:
    """Every sum that lines can come to, by size; cut off past the bound."""
    points = [*lines]
    counts = _range(rules) if rules["combine"] == "mean" else (1,)
    parts = {ratio(j, k) for k in counts for j in range(k + 1)}
    unit = lcm(*(den for _, den in points)) * lcm(*counts)
    sums = {0}
    for num, den in points:
        sums = _all_sums(sums, {num * j * (unit // (den * k)) for j, k in parts})
        if len(sums) > MAX_RATED_CODES:
            break
    return _by_size(ratio(earned, unit) for earned in sums)


def _all_sums(sums: set[int], steps: set[int]) -> set[int]:
    """Every sum of two, cut off past the bound: it is enough to know that there are too many."""
    found: set[int] = set()
    for earned in sums:
        found |= {earned + step for step in steps}
        if len(found) > MAX_RATED_CODES:
            break
    return found


def _sum_over(points: Sequence[Rational], count: int) -> Rational:
    """The sum of points, divided by *count*."""
    unit = lcm(*(den for _, den in points))
    return ratio(sum(num * (unit // den) for num, den in points), unit * count)


def _by_size(points: Iterable[Rational]) -> list[Rational]:
    found = {*points}
    unit = lcm(*(den for _, den in found))
    return sorted(found, key=lambda point: point[0] * (unit // point[1]))


def agreement(items: Iterable[dict[str, Any]], answers: dict[str, Any]) -> list[dict[str, Any]]:
    """
    How far each two raters agree, over the ratings of one case that both gave. Reported, and never part of a verdict.

    Args:
        items: Of a pack.
        answers: Of a submission that was scored.

    Returns:
        For each pair, sorted: `raters`; `items`, how many both rated; `exact`, the share of them on which they agree; `kappa`, Cohen's with linear weights
        over each scale in turn, by the ids of its values, None where chance alone would make them agree.
    """
    by_pair: dict[tuple[str, str], dict[tuple[str, ...], list[tuple[int, int]]]] = {}
    for item in items:
        if item["kind"] != "rating" or type(answers.get(item["id"])) is not dict:
            continue
        scale = tuple(value["id"] for value in item["values"])
        given = sorted(
            (rater, scale.index(form["rating"])) for rater, form in answers[item["id"]].items() if "rating" in form
        )
        for n, (rater, place) in enumerate(given):
            for other, others in given[n + 1 :]:
                by_pair.setdefault((rater, other), {}).setdefault(scale, []).append((place, others))
    return [
        {
            "raters": list(pair),
            "items": sum(map(len, scales.values())),
            "exact": _share_equal([both for pairs in scales.values() for both in pairs]),
            "kappa": {" ".join(scale): _weighted_kappa(pairs) for scale, pairs in scales.items()},
        }
        for pair, scales in sorted(by_pair.items())
    ]


def _share_equal(pairs: list[tuple[int, int]]) -> Fraction:
    from fractions import Fraction

    return Fraction(sum(a == b for a, b in pairs), len(pairs))


def _weighted_kappa(pairs: list[tuple[int, int]]) -> Fraction | None:
    """1 - observed / expected disagreement, each weighted by how many steps apart. Source: Cohen 1968, linear weights."""
    from fractions import Fraction

    observed = sum(abs(a - b) for a, b in pairs)
    expected = sum(abs(a - b) for a, _ in pairs for _, b in pairs)
    return 1 - Fraction(observed * len(pairs), expected) if expected else None
