"""What a promise is worth to candidates who were told nothing."""

from __future__ import annotations

import packs
from scoring.change.promises import replaced
from scoring.change.prove import prove
from scoring.engine.rubric import Rubric
from strategies_packs import pack_bytes

SECTION = packs.section(
    "s", packs.choice("a", A=("9", "fatal"), B=("0", None)), packs.choice("b", A=("0", None), B=("1", None))
)
PLAIN = packs.pack(SECTION)
CAPPED = packs.pack(SECTION, overrides=[packs.override("told-or-not", "weak", {"flag": "fatal", "at_least": 1})])


def test_a_version_that_moves_only_cases_without_proof_of_notice_moves_somebody() -> None:
    """Without proof a fatal answer puts no cap of its own, and the override that capped it all the same is gone."""
    answers = {"answers": {"a": "A", "b": "B"}}
    old, new = (Rubric(pack_bytes(document)) for document in (CAPPED, PLAIN))
    assert (old.score(answers).verdict, new.score(answers).verdict) == ("weak", "strong")
    (found,) = replaced(old.pack, new.pack)
    assert found.holds is False
    assert found.beyond == ("weak -> strong",)
    (back,) = replaced(new.pack, old.pack)
    assert (back.holds, back.beyond) == (False, ("strong -> weak",))


def test_a_guarantee_says_of_whom_it_holds() -> None:
    guarantee = {"id": "fatal-fails", "when": {"flag": "fatal", "at_least": 1}, "allowed": ["weak"]}
    plain, capped = (prove(Rubric(pack_bytes(document)).plan, guarantee) for document in (PLAIN, CAPPED))
    assert (plain.holds, plain.unproven) == (True, False)
    assert (capped.holds, capped.unproven) == (True, True)
