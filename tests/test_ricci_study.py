"""The study of the New Haven examinations: what the page and the picture show is what its script works out, and the key figures are the published ones."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from sybil import Sybil
from sybil.parsers.markdown import PythonCodeBlockParser

from scoring.change.groups import read_groups
from test_ricci import CANDIDATES, STUDY

DOCS = Path(__file__).parents[1] / "docs"


PAGE = (DOCS / "ricci.md").read_text(encoding="utf-8")


def test_the_page_shows_what_the_script_works_out() -> None:
    """Otherwise: `make study`."""
    assert STUDY.filled(PAGE) == PAGE


def test_the_picture_is_what_the_script_draws() -> None:
    """Otherwise: `make study`."""
    assert STUDY.picture() == (DOCS / "ricci.svg").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "row",
    [
        "| white | 41 of 68 | 60.29 % | benchmark |",
        "| black | 9 of 27 | 33.33 % | 68/123 = 55.28 % | -2.374 | 0.02303 |",
        "| Hispanic | 6 of 23 | 26.08 % | 408/943 = 43.26 % | -2.838 | 0.00725 |",
        "| group | above 69.502 |",
        "| captain | white | 16 of 25 | 64.00 % |",  # these six rates stand in the judgement of the court
        "| captain | black | 3 of 8 | 37.50 % |",
        "| captain | Hispanic | 3 of 8 | 37.50 % |",
        "| lieutenant | white | 25 of 43 | 58.13 % |",
        "| lieutenant | black | 6 of 19 | 31.57 % |",
        "| lieutenant | Hispanic | 3 of 15 | 20.00 % |",
    ],
)
def test_the_published_figures_stand_on_the_page(row: str) -> None:
    assert row in PAGE


def test_what_the_words_say_holds() -> None:
    """No one person would have turned a finding; both are beyond two deviations, and neither is among the captains."""
    pooled, captains = STUDY.compared(), STUDY.compared(position="Captain")
    for name in "BH":
        assert not pooled[name].against.flips
        assert pooled[name].against.is_far
        assert not captains[name].against.is_far
    assert (41, 77) == tuple(sum(row["Position"] == each for row in CANDIDATES) for each in ("Captain", "Lieutenant"))


def test_tables_by_cut_and_by_weight_count_who_passes() -> None:
    """Counted here without the library."""

    def passed(race: str, oral: Fraction, cut: int) -> int:
        return sum(
            row["Race"] == race and oral * Fraction(row["Oral"]) + (1 - oral) * Fraction(row["Written"]) >= cut
            for row in CANDIDATES
        )

    for cut in range(50, 91, 5):
        assert f"| {cut} | {' | '.join(str(passed(race, Fraction(2, 5), cut)) for race in 'WBH')} |" in PAGE
    for oral in range(0, 101, 10):
        assert f"| {oral} % | {' | '.join(str(passed(race, Fraction(oral, 100), 70)) for race in 'WBH')} |" in PAGE


def test_the_cells_of_the_picture_cover_both_maps_once() -> None:
    """Rectangles of one kind of cell, as XML: together as large as the two maps, and of the three colours of the legend alone."""
    colours = {colour for colour, _ in STUDY.KINDS}
    tag = "{http://www.w3.org/2000/svg}rect"
    cells = [
        rect.attrib
        for rect in ET.fromstring(STUDY.picture()).iter(tag)
        if rect.get("height") == str(STUDY.CELL) and rect.get("fill") in colours
    ]
    covered = sum(int(cell["width"]) // STUDY.CELL for cell in cells)
    assert 2 * len(STUDY.ORALS) * len(STUDY.CUTS) == covered


def test_the_guide_to_adverse_impact_runs() -> None:
    guide = DOCS / "howto" / "adverse-impact.md"
    document = Sybil(parsers=[PythonCodeBlockParser()], path=str(DOCS)).parse(guide)
    examples = [*document.examples()]
    assert 1 == len(examples)
    for example in examples:
        example.evaluate()
    table = guide.read_text(encoding="utf-8").split("```\ncase,")[1].split("```")[0]
    groups = read_groups(f"case,{table}".encode())
    assert {"c-1001": ("f", "under-40"), "c-1002": ("m", None)} == groups.labels
