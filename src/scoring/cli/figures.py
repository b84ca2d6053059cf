"""
How figures about past decisions are shown: tables for people, keys for machines.

Owns the digits: shares are cut to hundredths of a per cent, so that none reaches a line that it does not; coefficients have three decimals, probabilities
five, both rounded half away from zero. Must not know how a figure is worked out, nor where decisions come from.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from scoring.change.key_check import FEWEST_FOR_KEYS
from scoring.change.statistics import decimal, probability
from scoring.cli.output import Table, say
from scoring.cli.results import listed
from scoring.engine.exact import percent

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from scoring.change.analysis import Form
    from scoring.change.impact import Against, Group, Impact, Rates, Step
    from scoring.change.key_check import Suspect
    from scoring.change.raters import Agreement, Pair, Severity
    from scoring.change.statistics import Root

__all__ = [
    "facts_of_form",
    "facts_of_raters",
    "facts_of_step",
    "facts_of_suspect",
    "show_form",
    "show_raters",
    "show_step",
    "show_suspects",
]

_PLACES = 3  # of coefficients
_NONE = "-"


# ---------------------------------------------------------------------- digits


def _share(value: Fraction | None) -> str:
    return _NONE if value is None else percent(value.numerator, value.denominator)


def _figure(value: Fraction | Root | None, places: int = _PLACES) -> str | None:
    """A figure with its stated decimals, None where there is none."""
    if value is None:
        return None
    return decimal(value, places) if isinstance(value, Fraction) else value.decimal(places)


def _points(value: Root | None) -> str:
    """A distance between shares, in percentage points."""
    return _NONE if value is None else f"{_in_points(value)} points"


def _in_points(value: Root | None) -> str | None:
    return None if value is None else value.times(Fraction(100)).decimal(2)


def _spelt(value: Fraction | None) -> str | None:
    return None if value is None else str(value)


# ---------------------------------------------------------------------- items


def show_form(form: Form) -> None:
    """Print what is said of a form and of its items."""
    say(f"{_name(form.stage, form.variant)}: {form.cases} complete" + (f"; {form.why}" if form.why else ""))
    if form.mean is None:
        return
    reliability = "KR-20" if form.is_kr20 else "alpha"
    say(
        f"  mean {_share(form.mean)}, deviation {_points(form.deviation)}, {reliability} {_figure(form.alpha) or _NONE}, "
        f"standard error of measurement {_points(form.error)}"
    )
    table = Table("item", "section", "difficulty", "correlation", "upper - lower", "")
    for item in form.items:
        figures = (_figure(item.correlation) or _NONE, _figure(item.discrimination) or _NONE)
        table.row(item.item, item.section, _figure(item.difficulty) or _NONE, *figures, item.why)
    table.show("  ")
    for near in form.cuts:
        cut = percent(near.cut.numerator, near.cut.denominator)
        say(f"  within one standard error of the cut of {near.verdict} ({cut}): {near.cases} of {form.cases}")


def facts_of_form(form: Form) -> Iterable[dict[str, Any]]:
    """A form for machines: itself, then its items, then its cuts."""
    of = {"stage": form.stage, "variant": form.variant}
    yield {
        "type": "form",
        **of,
        "cases": form.cases,
        "mean": _spelt(form.mean),
        "deviation_points": _in_points(form.deviation),
        "reliability": None if form.alpha is None else ("KR-20" if form.is_kr20 else "alpha"),
        "alpha": _figure(form.alpha),
        "error_points": _in_points(form.error),
        "why": form.why or None,
    }
    for item in form.items:
        yield {
            "type": "item",
            **of,
            "item": item.item,
            "section": item.section,
            "difficulty": _spelt(item.difficulty),
            "correlation": _figure(item.correlation),
            "discrimination": _figure(item.discrimination),
            "why": item.why or None,
        }
    for near in form.cuts:
        yield {"type": "cut", **of, "verdict": near.verdict, "cut": str(near.cut), "near": near.cases}


def _name(stage: str | None, variant: str | None) -> str:
    return (f"stage {stage}" if stage else "all stages") + (f", variant {variant}" if variant else "")


# ---------------------------------------------------------------------- keys


def show_suspects(found: Sequence[Suspect], most: int) -> None:
    """Print which items are perhaps keyed wrongly; *most* is how many cases there are of the form that has most of them."""
    if most < FEWEST_FOR_KEYS:
        say(f"keys: not looked at, which takes {FEWEST_FOR_KEYS} complete cases")
    else:
        say("perhaps keyed wrongly; read these items again" if found else "keys: no item looks keyed wrongly")
    for suspect in found:
        how = "goes against" if suspect.correlation.signed < 0 else "hardly goes with"
        why = [f"it {how} the rest of the score ({_figure(suspect.correlation)})"] * suspect.is_near_zero
        why += [
            f'"{name}" ({count} cases) goes with higher scores ({_figure(own)}) than the best outcome ({_figure(suspect.right)})'
            for name, count, own in suspect.better
        ]
        where = f" ({_name(suspect.stage, suspect.variant)})" if suspect.variant else ""
        say(f"  {suspect.item}{where}: {'; '.join(why)}")
        again = suspect.rekeyed
        if again is not None:
            moves = [f"{old} -> {new}: {n}" for (old, new), n in (again.moves or {}).items()]
            effect = again.why or (listed(moves, len(moves)) if moves else "no verdict changes")
            say(
                f'    with the points of "{again.outcome}" and "{again.right}" exchanged: correlation {_figure(again.correlation) or _NONE}, '
                f"{again.gain} earn more, {again.lose} less; {effect}"
            )


def facts_of_suspect(suspect: Suspect) -> dict[str, Any]:
    """A suspected key for machines."""
    again = suspect.rekeyed
    return {
        "type": "suspect",
        "item": suspect.item,
        "stage": suspect.stage,
        "variant": suspect.variant,
        "cases": suspect.cases,
        "correlation": _figure(suspect.correlation),
        "near_zero": suspect.is_near_zero,
        "best": _figure(suspect.right),
        "better": [{"outcome": name, "cases": n, "correlation": _figure(own)} for name, n, own in suspect.better],
        "rekeyed": again
        and {
            "outcome": again.outcome,
            "with": again.right,
            "correlation": _figure(again.correlation),
            "gain": again.gain,
            "lose": again.lose,
            "moves": again.moves and [{"old": old, "new": new, "cases": n} for (old, new), n in again.moves.items()],
            "why": again.why or None,
        },
    }


# ---------------------------------------------------------------------- raters


def show_raters(items: Sequence[Agreement], pairs: Sequence[Pair], raters: Sequence[Severity]) -> None:
    """Print how far raters agree."""
    table = Table("rated", "cases", "ratings", "equal pairs", "alpha: nominal", "ordinal", "interval", "")
    for row in items:
        alphas = [_figure(row.alpha[metric]) or _NONE for metric in ("nominal", "ordinal", "interval")]
        table.row(row.item, str(row.units), str(row.ratings), _share(row.exact), *alphas, row.why)
    table.show("  ")
    table = Table("raters", "both rated", "equal", "kappa: linear", "quadratic", "scale")
    for pair in pairs:
        kappas = [_figure(value) or _NONE for value in (pair.linear, pair.quadratic)]
        table.row(" and ".join(pair.raters), str(pair.both), _share(pair.exact), *kappas, " ".join(pair.scale))
    table.show("  ")
    table = Table("rater", "shared", "values above the others", "scale")
    for rater in raters:
        table.row(rater.rater, str(rater.shared), _figure(rater.gap) or _NONE, " ".join(rater.scale))
    table.show("  ")


def facts_of_raters(
    items: Sequence[Agreement], pairs: Sequence[Pair], raters: Sequence[Severity]
) -> Iterable[dict[str, Any]]:
    """The same for machines."""
    for row in items:
        alpha = {f"alpha_{metric}": _figure(value) for metric, value in row.alpha.items()}
        counts = {"cases": row.units, "ratings": row.ratings, "exact": _spelt(row.exact)}
        yield {"type": "agreement", "item": row.item, **counts, **alpha, "why": row.why or None}
    for pair in pairs:
        kappas = {"kappa_linear": _figure(pair.linear), "kappa_quadratic": _figure(pair.quadratic)}
        both = {"raters": list(pair.raters), "scale": list(pair.scale), "both": pair.both, "exact": str(pair.exact)}
        yield {"type": "pair", **both, **kappas}
    for rater in raters:
        shared = {"rater": rater.rater, "scale": list(rater.scale), "shared": rater.shared}
        yield {"type": "severity", **shared, "gap": str(rater.gap)}


# ---------------------------------------------------------------------- groups


def show_step(view: str, step: Step) -> None:
    """Print what a step did to groups."""
    found = step.impact
    where = f"stage {step.stage}" if step.stage else "overall"
    undecided = f", {found.undecided:,} not decided yet" if found.undecided else ""
    people = f"{found.people:,} {'person' if found.people == 1 else 'people'}"
    say(f"impact by {view}, {where}: {people}{undecided}")
    _show_rates(found.selection, "selected")
    if found.median is not None:
        unscored = f", {found.unscored:,} without a score" if found.unscored else ""
        say(f"  score above the median, {_share(found.median)}{unscored}")
        _show_rates(found.scoring, "above")


def _show_rates(found: Rates, what: str) -> None:
    bounded = any(group.bounds for group in found.groups)
    heads = (
        "group",
        "people",
        what,
        "rate",
        "ratio",
        "shortfall",
        "lacking",
        "z",
        "p",
        *(("ratio between",) * bounded),
    )
    table = Table(*heads, "")
    for group in found.groups:
        bounds = (_between(group),) if bounded else ()
        cells = (group.name, f"{group.size:,}", f"{group.chosen:,}", _share(group.rate))
        table.row(*cells, *_compared(group.against), *bounds, _remarks(group))
    table.show("  ")
    if found.unknown:
        say(f"  of unknown group: {found.unknown}, {what} {found.unknown_chosen}")
    if found.why:
        say(f"  nothing is compared: {found.why}")


def _compared(against: Against | None) -> tuple[str, ...]:
    if against is None:
        return (_NONE,) * 5
    p = _NONE if against.p is None else probability(against.p)
    shortfall = decimal(against.shortfall, 2)
    return _share(against.ratio), shortfall, str(against.lacking), _figure(against.z) or _NONE, p


def _between(group: Group) -> str:
    return " and ".join(map(_share, group.bounds)) if group.bounds else _NONE


def _remarks(group: Group) -> str:
    against = group.against
    remarks = ["benchmark"] * group.is_benchmark + ["under 2 %"] * group.is_small
    if against is not None:
        remarks += ["below four fifths"] * against.is_below + ["beyond two deviations"] * against.is_far
        remarks += ["one person turns the four fifths"] * against.flips
        remarks += ["one in place of another turns the rates around"] * against.reverses
    return ", ".join(remarks)


def facts_of_step(view: str, step: Step) -> dict[str, Any]:
    """The same for machines: ratios and rates exactly, z and p with their digits."""
    found: Impact = step.impact
    return {
        "type": "impact",
        "by": view,
        "stage": step.stage,
        "people": found.people,
        "undecided": found.undecided,
        "unscored": found.unscored,
        "median": _spelt(found.median),
        "selection": _facts_of_rates(found.selection),
        "scoring": _facts_of_rates(found.scoring),
    }


def _facts_of_rates(found: Rates) -> dict[str, Any]:
    groups = [
        {
            "group": group.name,
            "people": group.size,
            "chosen": group.chosen,
            "rate": str(group.rate),
            "small": group.is_small,
            "benchmark": group.is_benchmark,
            "against": group.against and _facts_of_comparison(group.against),
            "ratio_between": group.bounds and [str(bound) for bound in group.bounds],
        }
        for group in found.groups
    ]
    unknown = {"people": found.unknown, "chosen": found.unknown_chosen}
    return {"groups": groups, "unknown": unknown, "why": found.why or None}


def _facts_of_comparison(against: Against) -> dict[str, Any]:
    return {
        "ratio": str(against.ratio),
        "below_four_fifths": against.is_below,
        "shortfall": str(against.shortfall),
        "lacking": against.lacking,
        "z": _figure(against.z),
        "beyond_two_deviations": against.is_far,
        "p": None if against.p is None else probability(against.p),
        "one_person_flips": against.flips,
        "swap_reverses": against.reverses,
    }
