"""What the bench measures is what it says: the edge set lies on the edges, and every way that is timed gives the verdicts that it should."""

from __future__ import annotations

from fractions import Fraction

import pytest

import packs
from bench import pipeline, work
from scoring import canonical
from scoring.audit.entry import Entry


@pytest.mark.parametrize("count", [5, 50])
def test_of_the_edge_set_none_comes_out_wrong_and_each_total_is_a_cut(count: int) -> None:
    rubric = packs.rubric(work.pack(count))
    edges = work.edges(count, 60)
    assert {verdict for _, verdict in edges} == {"strong", "middling"}
    for sheet, verdict in edges:
        decision = rubric.score(sheet)
        assert (decision.verdict, decision.score) == (verdict, work.CUTS[verdict])


def test_floats_get_some_of_it_wrong() -> None:
    """Else the edge set would show nothing."""
    floor = work.floor(50)
    assert any(floor(sheet)[0] != verdict for sheet, verdict in work.edges(50, 60))


@pytest.mark.parametrize("count", [5, 50])
def test_the_floors_do_the_same_work_on_random_sheets(count: int) -> None:
    rubric = packs.rubric(work.pack(count))
    for sheet in work.sheets(count, 100):
        verdict, total = work.floor(count)(sheet)
        decision = rubric.score(sheet)
        assert work.grouped_floor(count)(sheet)[0] == verdict
        if decision.action != "wait":
            assert decision.verdict == verdict
            assert abs(total - (decision.score or Fraction(0))) < 1e-9


def test_every_pipeline_goes_from_bytes_to_bytes_and_all_but_the_bound_give_the_verdict() -> None:
    sheet = work.sheets(50, 3)[2]
    data = canonical.dumps(sheet)
    rubric = packs.rubric(work.pack(50))
    line, digest, (found, _) = pipeline.ours(rubric.pack)(data)
    assert Entry.from_bytes(line).decision == rubric.score(sheet).data
    assert len(digest) == len(found) == 64
    said = pipeline.with_cattrs(50)(data)[0]
    assert f'"verdict":"{rubric.score(sheet).verdict}"'.encode() in said
    assert canonical.loads(pipeline.bound(data)[0]) == sheet
