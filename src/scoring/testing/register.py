"""
What Hypothesis is told when it starts (entry point group ``hypothesis``): how to make a rubric where a test asks for one by its type.

Runs in every process that imports Hypothesis where this distribution is installed, so it imports next to nothing; the strategies are loaded when one of the
types is first asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

    from scoring.engine.decision import Decision
    from scoring.engine.rubric import Rubric

__all__ = ["register"]


def register() -> None:
    """Make `from_type(scoring.Rubric)` and `from_type(scoring.Decision)` work: random valid rubrics, and what they decide."""
    from hypothesis.strategies import register_type_strategy

    from scoring.engine.decision import Decision
    from scoring.engine.rubric import Rubric

    register_type_strategy(Rubric, _rubrics)
    register_type_strategy(Decision, _decisions)


def _rubrics(_: type[Rubric]) -> SearchStrategy[Rubric]:
    from scoring.testing.packs import rubrics

    return rubrics()


def _decisions(_: type[Decision]) -> SearchStrategy[Decision]:
    from scoring.testing.packs import cases

    return cases().map(lambda case: case.rubric.score(case.submission))
