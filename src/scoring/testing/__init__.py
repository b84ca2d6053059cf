"""
Property tests for rubrics: in your own project, with Hypothesis.

    from scoring import load, testing

    RUBRIC = load("rubric.yaml")
    test_laws = testing.laws(RUBRIC)

    @given(testing.submissions(RUBRIC, raising="fatal"))
    def test_a_fatal_answer_never_advances(submission):
        assert RUBRIC.score(submission).action != "advance"

    def test_the_new_version_moves_only_what_it_says():
        testing.assert_same_verdicts("v1/rubric.yaml", "v2/rubric.yaml", except_=["borderline -> strong_pass"])

Needs the extra ``testing``. Owns nothing but the public names, loaded when they are first used. Nothing in this distribution imports this package.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from scoring.testing.changes import Evidence, assert_never_better, assert_never_worse, assert_same_verdicts
    from scoring.testing.drawing import outcomes, submissions
    from scoring.testing.lawbook import LAWS, laws
    from scoring.testing.packs import Case, cases, rubrics

_HOMES = {
    "LAWS": "lawbook",
    "Case": "packs",
    "Evidence": "changes",
    "assert_never_better": "changes",
    "assert_never_worse": "changes",
    "assert_same_verdicts": "changes",
    "cases": "packs",
    "laws": "lawbook",
    "outcomes": "drawing",
    "rubrics": "packs",
    "submissions": "drawing",
}

__all__ = [
    "LAWS",
    "Case",
    "Evidence",
    "assert_never_better",
    "assert_never_worse",
    "assert_same_verdicts",
    "cases",
    "laws",
    "outcomes",
    "rubrics",
    "submissions",
]


def __getattr__(name: str) -> Any:
    """Load a public name from its module the first time it is used (PEP 562)."""
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    try:
        value = getattr(import_module(f"{__name__}.{home}"), name)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != "hypothesis":
            raise
        from scoring.errors import MissingExtraError

        raise MissingExtraError("scoring.testing", "testing") from None
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the public names."""
    return sorted(__all__)
