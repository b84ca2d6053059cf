"""Canonical JSON: the same bytes as RFC 8785 and the standard library, and one strict reader."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from scoring import canonical

KEYS = st.text(st.characters(codec="ascii"), max_size=8)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-canonical.MAX_INTEGER, canonical.MAX_INTEGER) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=20,
)


@pytest.fixture(params=["orjson", "json"])
def backend(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Run a test with orjson, and with the standard library alone."""
    canonical.load_orjson()
    assert canonical.orjson is not None
    if request.param == "json":
        monkeypatch.setattr(canonical, "orjson", None)
    return request.param


class TestLaw6CanonicalBytesAreThoseOfRfc8785:
    @given(VALUES)
    def test_three_encoders_agree(self, value: Any) -> None:
        expected = rfc8785.dumps(value)
        assert expected == canonical.dumps(value)
        assert expected == json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()

    @given(VALUES)
    def test_and_without_orjson(self, value: Any) -> None:
        with pytest.MonkeyPatch.context() as patch:
            canonical.load_orjson()
            patch.setattr(canonical, "orjson", None)
            found = canonical.dumps(value)
            assert value == canonical.loads(found)
        assert canonical.dumps(value) == found

    @given(VALUES)
    def test_what_is_written_reads_back(self, value: Any) -> None:
        assert value == canonical.loads_canonical(canonical.dumps(value))
        assert value == canonical.loads(json.dumps(value, indent=2).encode())


REFUSED = [
    (b'{"a":1,"a":2}', "stands twice"),
    (b'{"a":{"b":1,"b":1}}', "stands twice"),
    (b"[1.0]", "fraction"),
    (b"[1e3]", "fraction"),
    (b"[-0.0]", "fraction"),
    (b"[NaN]", "no JSON"),
    (b"[Infinity]", "no JSON"),
    (b"[9007199254740992]", "2^53"),
    (b"[-9007199254740992]", "2^53"),
    (b"[" + b"9" * 5000 + b"]", "2^53"),
    (b"[18446744073709551616]", "2^53"),
    (b"[" * 33 + b"]" * 33, "32 levels"),
    (b"[" * 100_000, "32 levels"),
    (b'{"":' * 40 + b"1" + b"}" * 40, "32 levels"),
    (b'["\\ud800"]', "surrogate"),
    (b'{"\xc3\xa9":1}', "ASCII"),
    (b"\xff", "UTF-8"),
    (b'\xef\xbb\xbf{"a":1}', "byte order mark"),
    (b'{"a":1', "not JSON"),
    (b"", "not JSON"),
    (b"[1,]", "not JSON"),
    (b"{'a':1}", "not JSON"),
    (b"[01]", "not JSON"),
    (b'"\x01"', "not JSON"),
]


@pytest.mark.parametrize(("data", "word"), REFUSED, ids=[word + str(n) for n, (_, word) in enumerate(REFUSED)])
def test_the_reader_refuses_alike_with_and_without_orjson(backend: str, data: bytes, word: str) -> None:
    with pytest.raises(canonical.CanonicalError, match=word.replace("^", r"\^")):
        canonical.loads(data)


@pytest.mark.parametrize("data", [b" [1]", b'{"b":1,"a":2}', b'["\\u0041"]', b"[-0]", b"[1]\n", b'"\\/"', b'"\\u000A"'])
def test_what_is_json_but_not_canonical_is_read_and_refused_as_a_record(backend: str, data: bytes) -> None:
    canonical.loads(data)
    with pytest.raises(canonical.CanonicalError, match="canonical form"):
        canonical.loads_canonical(data)


class Text(str):
    """Text, but not what a parser gives."""

    __slots__ = ()


def nested(depth: int) -> Any:
    """An object in a list in an object, and so on."""
    value: Any = "inmost"
    for level in range(depth):
        value = [value] if level % 2 else {"a": value}
    return value


LOOP: list[Any] = []
LOOP += [LOOP, LOOP]


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ({"a": [0, 1.5]}, "a/1"),
        ({"a": [True, None, "é", 1.5]}, "a/3"),
        ([{"a": Text("b")}], "0/a"),
        ([{Text("a"): "b"}], "0"),
        ({True: 1}, ""),
        ({"a": {1: 2}, "b": {"2": 3}}, "a"),
        ([2**53], "0"),
        ({"é": 1}, ""),
        (["\ud800"], "0"),
        ({"a": {1: 2}}, "a"),
        ([b""], "0"),
        ((1, 2), ""),
    ],
)
def test_the_writer_refuses_what_the_profile_does_not_have_and_says_where(backend: str, value: Any, path: str) -> None:
    with pytest.raises(canonical.CanonicalError) as caught:
        canonical.dumps(value)
    assert path == caught.value.path


@pytest.mark.parametrize("value", [nested(33), nested(300), nested(5_000), LOOP], ids=["33", "300", "5000", "a loop"])
def test_the_writer_refuses_what_nests_too_deep_however_deep_it_is(backend: str, value: Any) -> None:
    assert canonical.loads(canonical.dumps(nested(32))) == nested(32)
    with pytest.raises(canonical.CanonicalError, match="32 levels"):
        canonical.dumps(value)


@given(VALUES, st.booleans())
def test_keys_in_whatever_order_are_read_alike_but_are_no_record(value: Any, ascii_only: bool) -> None:
    text = json.dumps(turned(value), separators=(",", ":"), ensure_ascii=ascii_only).encode()
    canonical.load_orjson()
    assert canonical.loads(text) == value
    if text != canonical.dumps(value):
        with pytest.raises(canonical.CanonicalError, match="canonical form"):
            canonical.loads_canonical(text)


def turned(value: Any) -> Any:
    """The same with the keys of each object in the contrary of their order."""
    if type(value) is dict:
        return {key: turned(value[key]) for key in sorted(value, reverse=True)}
    return [*map(turned, value)] if type(value) is list else value


def test_the_first_documents_of_a_process_are_done_without_orjson_and_the_others_with_it() -> None:
    """A function that starts cold does not pay for what it does not need; the bytes are the same."""
    script = (
        "import sys; from scoring import canonical; document = {'b': ['é', 1], 'a': None}; said = []\n"
        "for _ in range(60): said.append((canonical.dumps(document), 'orjson' in sys.modules))\n"
        "print(len({text for text, _ in said}), said[9][1], said[59][1])"
    )
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert done.stdout.split() == ["1", "False", "True"]
