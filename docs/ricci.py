"""
The study of the New Haven examinations: works out every figure of docs/ricci.md and draws docs/ricci.svg. `python docs/ricci.py` writes both anew.

Owns the figures that the page shows and the picture. The words around them are the page's own; what stands between its marks comes from here.
"""

from __future__ import annotations

import contextlib
import csv
import io
import sys
import tempfile
from fractions import Fraction
from pathlib import Path
from typing import Any

from scoring import AuditLog, canonical
from scoring.change.impact import Group, impact, rates
from scoring.change.statistics import decimal, probability
from scoring.cli import main as scoring
from scoring.engine.exact import percent
from scoring.engine.rubric import Rubric

HERE = Path(__file__).parent
DATA = HERE.parent / "tests" / "data" / "ricci.csv"
PAGE, PICTURE = HERE / "ricci.md", HERE / "ricci.svg"
BEGIN, END = "<!-- made by docs/ricci.py: {} -->", "<!-- end -->"

CANDIDATES = list(csv.DictReader(DATA.read_text(encoding="utf-8").splitlines()))
NAMES = {"W": "white", "B": "black", "H": "Hispanic"}
ORAL, CUT = Fraction(2, 5), Fraction(70)


def total(row: dict[str, str], oral: Fraction) -> Fraction:
    """The total under some weight of the oral examination; the written one has the rest."""
    return oral * Fraction(row["Oral"]) + (1 - oral) * Fraction(row["Written"])


def compared(oral: Fraction = ORAL, cut: Fraction = CUT, position: str | None = None) -> dict[str, Group]:
    """The groups by race, as that weight and that cut select them; of one position, or of both."""
    rows = [row for row in CANDIDATES if position in (None, row["Position"])]
    return {group.name: group for group in rates((row["Race"], total(row, oral) >= cut) for row in rows).groups}


# ---------------------------------------------------------------------- tables


def table(heads: list[str], rows: list[list[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def share(value: Fraction) -> str:
    return percent(value.numerator, value.denominator)


def row_of(group: Group) -> list[str]:
    """One group beside the benchmark."""
    cells = [f"{group.chosen} of {group.size}", share(group.rate)]
    against = group.against
    if against is None:
        return [*cells, "benchmark", "", "", ""]
    z = "-" if against.z is None else against.z.decimal(3)
    p = "-" if against.p is None else probability(against.p)
    return [*cells, f"{against.ratio} = {share(against.ratio)}", z, p, str(against.lacking)]


HEADS = ["passed", "rate", "impact ratio", "z", "Fisher p", "lacking for four fifths"]


def as_it_was() -> str:
    found = compared()
    return table(["group", *HEADS], [[NAMES[name], *row_of(found[name])] for name in NAMES])


def by_position() -> str:
    rows = []
    for position in ("Captain", "Lieutenant"):
        found = compared(position=position)
        for name in NAMES:
            against = found[name].against
            turned = "" if against is None else "yes" if against.flips else "no"
            rows.append([position.lower(), NAMES[name], *row_of(found[name]), turned])
    return table(["examination", "group", *HEADS, "one person would turn it"], rows)


def above_the_median() -> str:
    found = impact((row["Race"], None, total(row, ORAL)) for row in CANDIDATES)
    rows = [[NAMES[name], *row_of(group)] for name in NAMES for group in found.scoring.groups if group.name == name]
    assert found.median is not None
    heads = ["group", f"above {decimal(found.median, 3)}", *HEADS[1:]]
    return table(heads, rows)


def by_cut() -> str:
    return table(
        ["cut", *(f"{NAMES[name]} passed" for name in NAMES), *(f"{NAMES[name]} ratio" for name in "BH")],
        [line_of(str(cut), compared(cut=Fraction(cut))) for cut in range(50, 91, 5)],
    )


def by_weight() -> str:
    return table(
        ["oral", *(f"{NAMES[name]} passed" for name in NAMES), *(f"{NAMES[name]} ratio" for name in "BH")],
        [line_of(f"{oral} %", compared(oral=Fraction(oral, 100))) for oral in range(0, 101, 10)],
    )


def line_of(first: str, found: dict[str, Group]) -> list[str]:
    return [first, *(str(found[name].chosen) for name in NAMES), *(judged(found[name]) for name in "BH")]


def judged(group: Group) -> str:
    """The ratio, in bold where it is below four fifths, with a star where z is beyond 2."""
    if group.against is None:
        return "benchmark" if group.is_benchmark else "-"
    shown = share(group.against.ratio) + ("*" if group.against.is_far else "")
    return f"**{shown}**" if group.against.is_below else shown


# ---------------------------------------------------------------------- the command, on a log of these candidates


def part(name: str) -> dict[str, Any]:
    """A section of one examination, marked from 0 to 100 in hundredths."""
    awaits = ["absent", "blank", "invalid"]
    item = {"about": {}, "awaits": awaits, "floor": None, "id": name, "kind": "mark", "only": None, "void": False}
    item |= {"max": "100", "points": "1", "step": "1/100"}
    return {"about": {}, "declared": None, "floor": "0", "id": name, "items": [item]}


RUBRIC: dict[str, Any] = {
    "about": {},
    "assumed": [],
    "caps": {"fatal": "fail", "knock_out": "fail"},
    "competencies": [],
    "default_profile": "published",
    "excerpt": False,
    "format": 1,
    "levels": [],
    "notice": None,
    "overrides": [],
    "profiles": [
        {
            "about": {},
            "assumed": False,
            "id": "published",
            "shares": {"oral": "2/5", "written": "3/5"},
            "stages": {"main": "1"},
        }
    ],
    "rubric": "promotion",
    "stages": [{"about": {}, "gate": [], "id": "main", "sections": [part("oral"), part("written")]}],
    "variants": [],
    "verdicts": [
        {"about": {}, "action": "advance", "from": "7/10", "id": "pass"},
        {"about": {}, "action": "decline", "from": "0", "id": "fail"},
    ],
    "version": "2003",
}


def command() -> str:
    """What the command prints of a log of these candidates."""
    rubric = Rubric(canonical.dumps(RUBRIC))
    shown = io.StringIO()
    with tempfile.TemporaryDirectory() as room:
        log, groups = Path(room, "decisions"), Path(room, "groups.csv")
        sheets = [
            {"id": f"s-{n}", "case": f"c-{n}", "answers": {"oral": row["Oral"], "written": row["Written"]}}
            for n, row in enumerate(CANDIDATES, 1)
        ]
        with AuditLog.open(log, create=True) as decisions:
            for _ in decisions.decide_all(rubric, sheets):
                pass
        labels = (f"c-{n},{NAMES[row['Race']]}" for n, row in enumerate(CANDIDATES, 1))
        groups.write_text("\n".join(["case,race", *labels, ""]), encoding="utf-8")
        with contextlib.redirect_stdout(shown):
            scoring(["analyse", str(log), "--groups", str(groups)])
    return f"```\n$ scoring analyse decisions --groups groups.csv\n{shown.getvalue().rstrip()}\n```"


# ---------------------------------------------------------------------- picture

ORALS = range(0, 101, 5)  # per cent, from top to bottom
CUTS = range(50, 91)  # points, from left to right
CELL, LEFT, TOP, GAP = 8, 62, 58, 78
KINDS = (
    ("#dfe9f1", "four fifths or more"),
    ("#f2b866", "below four fifths"),
    ("#a8402c", "below, and beyond two standard deviations"),
    ("#ffffff", "nobody passes"),
)


def kind_of(group: Group) -> int:
    if group.against is None:
        return 0 if group.is_benchmark else 3
    return int(group.against.is_below) + int(group.against.is_below and group.against.is_far)


def picture() -> str:
    """Which cut and which weight leave which group below four fifths: a cell for each, whole numbers only."""
    grid = {(oral, cut): compared(Fraction(oral, 100), Fraction(cut)) for oral in ORALS for cut in CUTS}
    width, height = CELL * len(CUTS), CELL * len(ORALS)
    full = (2 * LEFT + 2 * width + GAP, TOP + height + 92)
    title = "Impact ratios of black and of Hispanic candidates by cut and by weight of the oral examination"
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {full[0]} {full[1]}" width="{full[0]}" height="{full[1]}" '
        f'font-family="sans-serif" font-size="12" fill="#222222" role="img" aria-label="{title}">',
        f"<title>{title}</title>",
        f'<rect width="{full[0]}" height="{full[1]}" fill="#ffffff"/>',
    ]
    for panel, name in enumerate("BH"):
        left = LEFT + panel * (width + GAP)
        lines += panel_of(name, left, grid)
    for n, (colour, text) in enumerate(KINDS[:3]):
        x = LEFT + (0, 180, 340)[n]
        y = TOP + height + 62
        lines.append(f'<rect x="{x}" y="{y}" width="14" height="14" fill="{colour}" stroke="#888888"/>')
        lines.append(f'<text x="{x + 20}" y="{y + 12}">{text}</text>')
    return "\n".join([*lines, "</svg>", ""])


def panel_of(name: str, left: int, grid: dict[tuple[int, int], dict[str, Group]]) -> list[str]:
    width, height = CELL * len(CUTS), CELL * len(ORALS)
    lines = [f'<text x="{left}" y="{TOP - 14}" font-size="15">{NAMES[name]} candidates</text>']
    for row, oral in enumerate(ORALS):
        kinds = [kind_of(grid[oral, cut][name]) for cut in CUTS]
        start = 0
        for n in range(1, len(kinds) + 1):  # cells of one kind that stand beside each other are one rectangle
            if n == len(kinds) or kinds[n] != kinds[start]:
                x, y = left + start * CELL, TOP + row * CELL
                fill = KINDS[kinds[start]][0]
                lines.append(f'<rect x="{x}" y="{y}" width="{(n - start) * CELL}" height="{CELL}" fill="{fill}"/>')
                start = n
    lines.append(f'<rect x="{left}" y="{TOP}" width="{width}" height="{height}" fill="none" stroke="#888888"/>')
    for cut in range(50, 91, 10):
        x = left + CUTS.index(cut) * CELL + CELL // 2
        lines.append(f'<text x="{x}" y="{TOP + height + 18}" text-anchor="middle">{cut}</text>')
    for oral in range(0, 101, 20):
        y = TOP + ORALS.index(oral) * CELL + CELL
        lines.append(f'<text x="{left - 6}" y="{y}" text-anchor="end">{oral} %</text>')
    lines.append(f'<text x="{left + width // 2}" y="{TOP + height + 38}" text-anchor="middle">cut, points</text>')
    middle = TOP + height // 2
    turn = f'transform="rotate(-90 {left - 46} {middle})"'
    lines.append(f'<text x="{left - 46}" y="{middle}" text-anchor="middle" {turn}>weight of the oral part</text>')
    x, y = left + CUTS.index(int(CUT)) * CELL, TOP + ORALS.index(int(ORAL * 100)) * CELL
    lines.append(
        f'<rect x="{x - 2}" y="{y - 2}" width="{CELL + 4}" height="{CELL + 4}" fill="none" stroke="#000000" stroke-width="2"/>'
    )
    return lines


# ---------------------------------------------------------------------- the page

BLOCKS = {
    "as it was": as_it_was,
    "by examination": by_position,
    "above the median": above_the_median,
    "by cut": by_cut,
    "by weight": by_weight,
    "the command": command,
}


def filled(page: str) -> str:
    """The page with every block worked out anew."""
    for name, made in BLOCKS.items():
        head, begin, rest = page.partition(BEGIN.format(name))
        _, end, tail = rest.partition(END)
        if not (begin and end):
            raise SystemExit(f"{PAGE.name} has no block {name!r}")
        page = f"{head}{begin}\n{made()}\n{end}{tail}"
    return page


def main() -> int:
    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    PICTURE.write_text(picture(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
