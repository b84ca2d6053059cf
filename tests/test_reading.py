"""The engine reads every answer of the oracle's table as the page says."""

from __future__ import annotations

from typing import Any

import pytest

import oracle
from scoring.engine.classify import tabulate
from scoring.engine.reading import prepare_text
from scoring.engine.table import COMMON, NO_ENTRY, OWN
from test_oracle import READING


@pytest.mark.parametrize(("item", "answer", "outcome"), READING, ids=[f"{n}-{row[2]}" for n, row in enumerate(READING)])
def test_an_answer_becomes_the_outcome_that_the_page_names(item: dict[str, Any], answer: Any, outcome: str) -> None:
    table = tabulate(item)
    code = table.read(NO_ENTRY if answer is oracle.ABSENT else answer)
    assert outcome == (COMMON[code] if code < OWN else table.name(code - OWN))


def test_normalising_a_long_run_of_marks_takes_linear_time_and_changes_nothing() -> None:
    """What `normalize` alone does in quadratic time; a short run shows that the result is the same."""
    import time
    import unicodedata

    short = "a" + "\u0301\u0323" * 5 + "\u0316b\u0301"
    assert unicodedata.normalize("NFC", short) == prepare_text(short, [])
    spent = []
    for size in (2_000, 16_000):
        text = "a" + "\u0301" * (size // 2) + "\u0323" * (size // 2)
        start = time.perf_counter()
        prepare_text(text, ["trim"])
        spent.append(time.perf_counter() - start)
    assert spent[1] < spent[0] * 8 * 4 + 0.05  # eight times the text; quadratic would be sixty-four
