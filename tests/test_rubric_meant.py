"""What messages propose: texts in quotes, lists in brackets, numbers with a point."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args, get_origin

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rubric_files import examined
from scoring.rubric import leaves, model
from scoring.rubric.meant import LISTS, NUMBERS, SHARES, behind_comma, bracketed, cut, quoted, written
from scoring.rubric.part import Part, keys_of
from scoring.rubric.reader import read
from scoring.rubric.tree import Mapping, Scalar, Sequence

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

TEXTS = st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=20)


def parts() -> Iterator[type[Part]]:
    for cls in vars(model).values():
        if isinstance(cls, type) and issubclass(cls, Part) and cls is not Part:
            yield cls


def inner(kind: Any) -> Iterable[Any]:
    """A type without the None that says that its key may be left out."""
    return [member for member in get_args(kind) if member is not type(None)] if type(None) in get_args(kind) else [kind]


def is_list(kind: Any) -> bool:
    """A list of texts: no things with keys, no range of numbers."""
    if get_origin(kind) is not tuple or get_args(kind)[-1] is not ...:
        return False
    first = get_args(kind)[0]
    return first in leaves.LEAVES or (get_origin(first) is not None and not any(map(attrs.has, get_args(first))))


class TestNames:
    """The names that proposals go by are the model's."""

    def named(self, holds: Any) -> set[str]:
        return {
            key
            for cls in parts()
            for key, field in keys_of(cls).items()
            if any(holds(kind) for kind in inner(field.type))
        }

    def test_keys_that_take_a_list_of_texts(self) -> None:
        assert self.named(is_list) == LISTS

    def test_keys_that_take_a_number(self) -> None:
        numeric = {kind for kind in leaves.LEAVES if kind.__supertype__.__name__ in ("Fraction", "int")}
        assert self.named(lambda kind: kind in numeric) == NUMBERS

    def test_keys_that_take_a_share_and_nothing_else(self) -> None:
        kinds = {leaves.Share, leaves.Cut, leaves.Below, leaves.Relative}
        assert self.named(lambda kind: kind in kinds) == SHARES


class TestWritten:
    """What is proposed reads back as what was meant."""

    @given(TEXTS)
    def test_in_quotes(self, text: str) -> None:
        root = read(f"a: {quoted(text)}\n".encode(), "f")
        assert isinstance(root, Mapping)
        value = root.get("a")
        assert isinstance(value, Scalar)
        assert text == value.text

    @given(st.lists(TEXTS, min_size=1, max_size=4))
    def test_in_brackets(self, texts: list[str]) -> None:
        root = read(f"- {bracketed(texts)}\n".encode(), "f")
        assert isinstance(root, Sequence)
        values = root.entries[0]
        assert isinstance(values, Sequence)
        assert texts == [value.text for value in values if isinstance(value, Scalar)]

    @pytest.mark.parametrize(
        ("text", "expected"),
        [("GDPR", "GDPR"), ("two words", "two words"), ("a, b", '"a, b"'), ("*a", '"*a"'), ("a:", '"a:"'), ("", '""')],
    )
    def test_quotes_only_where_they_are_needed(self, text: str, expected: str) -> None:
        assert expected == written(text)


class TestBehindComma:
    """A comma inside braces: one proposal, by what the key takes."""

    @pytest.mark.parametrize(
        ("key", "texts", "under", "beside", "expected"),
        [
            ("is", ["GDPR", "DSGVO"], "", ["id"], "is: [GDPR, DSGVO]?"),
            ("is", ["10", "5"], "", ["id"], "mean 10.5?"),
            ("is", ["1", "2"], "", ["item"], "is: [1, 2]?"),
            ("is", ["1", "2", "3"], "", [], "is: [1, 2, 3]?"),
            ("units", ["kg", "t"], "", [], "units: [kg, t]?"),
            ("points", ["2", "5"], "", [], "mean 2.5?"),
            ("points", ["1", "000"], "", [], "mean 1000?"),
            ("from", ["75", "5%"], "", [], "mean 75.5%?"),
            ("from", ["75", "5"], "", [], "mean 75.5%?"),
            ("s", ["33", "3%"], "shares", [], "mean 33.3%?"),
            ("t", ["A", "B"], "answers", [], "t: [A, B]?"),
            ("t", ["2", "5"], "answers", [], 't: "2, 5"?'),
            ("why", ["2", "5"], "", [], 'why: "2, 5"?'),
        ],
    )
    def test_one_proposal(self, key: str, texts: list[str], under: str, beside: list[str], expected: str) -> None:
        message = behind_comma(key, texts, under=under, beside=beside, plain=True)
        assert message.endswith(expected)
        assert message.count("did you mean") == 1

    def test_a_long_text_is_not_repeated(self) -> None:
        assert behind_comma("why", ["x" * 200, "y"], under="", beside=[], plain=True).endswith("needs quotes")

    def test_what_is_proposed_for_a_text_is_taken(self) -> None:
        text = "rubric: r\nversion: v\nverdicts:\n  - {id: a, from: 50%, action: advance}\n  - {id: b, from: 0%, action: decline}\n"
        text += "sections:\n  - id: s\n    items:\n      - id: i\n        kind: text\n        ask: a\n        job_related: b\n        keys:\n"
        slip = examined(text + "          - {id: gdpr, is: GDPR, DSGVO}\n").problems
        assert ["flow-comma"] == [problem.code for problem in slip]
        proposed = slip[0].message.partition("did you mean ")[2].removesuffix("?")
        assert [] == [problem.show() for problem in examined(f"{text}          - {{id: gdpr, {proposed}}}\n").problems]


class TestCut:
    """A # that cuts a text off."""

    @pytest.mark.parametrize(
        ("key", "before", "rest", "flow", "expected"),
        [
            ("ask", "Letter", " #1 of it", False, 'did you mean ask: "Letter #1 of it"?'),
            ("", "Letter", " #1", False, 'did you mean "Letter #1"?'),
            ("ask", "Letter", " #1, b: c}", True, 'did you mean ask: "Letter #1"?'),
            ("ask", "Letter", " #1, b", False, 'did you mean ask: "Letter #1, b"?'),
            ("ask", 'He said "no"', " #1", False, """did you mean ask: 'He said "no" #1'?"""),
            ("ask", "x" * 200, " #1", False, "put the text in quotes"),
        ],
    )
    def test_the_whole_text_is_proposed(self, key: str, before: str, rest: str, flow: bool, expected: str) -> None:
        message = cut(key, before, rest, flow=flow)
        assert message.startswith("from the # on, this line is a comment and is not read; ")
        assert message.endswith(expected)
