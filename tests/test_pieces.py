"""A decision that is known by its pieces is one that fits, whatever lines were cut up and put together."""

from __future__ import annotations

import json
import random

import pytest

import logs
from logs import make_log
from scoring import canonical
from scoring.audit.fields import record_misfit
from scoring.audit.pieces import Pieces

room, path = logs.room, logs.path
SECTIONS = (
    {},
    {"a": "1"},
    {"a": "1", "b": "1/2"},
    {"b": "1", "c": None},
    {"a": None, "b": "1", "c": "2/3"},
    {"outcomes": "1", "score": "0"},
)


def lines(path):
    """Decisions that fit, with all kinds of sections, flags and excerpts."""
    make_log(path, 1)
    good = json.loads(logs.lines_of(path)[-1])
    made = []
    for number, sections in enumerate(SECTIONS):
        decision = {
            **good["body"]["decision"],
            "sections": sections,
            "score": [None, "1/3"][number % 2],
            "flags": [{}, {"refer": "g"}][number % 2],
            "excerpts": [{}, {"a": [1, 2]}][number // 2 % 2],
            "caps": [[], [{"by": "fatal", "verdict": "fail"}]][number // 3 % 2],
            "stages": {"main": ["passed", [None, "1"][number % 2]]},
        }
        record = {**good, "body": {**good["body"], "decision": decision, "id": f"s-{number}"}}
        assert not record_misfit(record)
        made.append(canonical.dumps(record))
    return made, good["seq"], good["prev"]


def check(known, line, seq, prev):
    """If a line is known, parsing it whole says the same; return whether it is."""
    found = known.read(line, seq, prev)
    if found is None:
        return False
    record = canonical.loads_canonical(line)
    assert not record_misfit(record)
    body = record["body"]
    assert (record["seq"], record["prev"], record["type"]) == (seq, prev, "decision")
    assert found == (
        body["disclosures"]["case"].encode(),
        body["id"].encode(),
        body["decision"]["pack"],
        record["time"],
    )
    assert body["supersedes"] is body["decision"]["void"] is body["decision"]["reinstate"] is None
    return True


@pytest.fixture
def learnt(path):
    made, seq, prev = lines(path)
    known = Pieces()
    for line in made:
        assert known.read(line, seq, prev) is None
        known.learn(line, json.loads(line)["body"]["decision"]["pack"])
        assert check(known, line, seq, prev)
    return known, made, seq, prev


def test_no_byte_can_be_changed_unseen(learnt):
    """Each byte dropped, doubled, or made another: what is still known fits."""
    known, made, seq, prev = learnt
    taken = 0
    for line in made[:3]:
        for at in range(len(line)):
            for middle in (b"", line[at : at + 1] * 2, b'"', b",", b"}", b"\\", b"\x00", b"0", b"z", b" "):
                taken += check(known, line[:at] + middle + line[at + 1 :], seq, prev)
    assert taken > 100, "an id may have other characters, or this shows nothing"


@pytest.mark.parametrize("seed", range(4))
def test_lines_that_are_put_together_fit_where_they_are_known(learnt, seed):
    """Two or three lines, cut wherever a token begins, joined: sections without end, twice, in another order."""
    known, made, seq, prev = learnt
    chance = random.Random(seed)
    taken = 0
    for _ in range(20_000):
        one, other = chance.sample(made, 2)
        cut = chance.choice(
            [number for number, byte in enumerate(one[-900:], max(len(one) - 900, 0)) if byte in b',"}{:']
        )
        joint = other.find(one[cut : cut + chance.randrange(1, 6)], max(0, cut - chance.randrange(200)))
        taken += check(known, one[:cut] + other[joint:], seq, prev)
    assert taken > 100, "or this shows nothing"


def test_another_place_in_the_chain_is_not_known(learnt):
    known, made, seq, prev = learnt
    assert known.read(made[0], seq + 1, prev) is None
    assert known.read(made[0], seq, "0" * 64) is None
    assert known.read(made[0], seq, None) is None
    assert known.read(b"", 1, prev) is None


def test_memory_is_bounded(learnt, monkeypatch):
    """What was learnt is forgotten when it is much, and a long line is not learnt."""
    known, made, seq, prev = learnt
    monkeypatch.setattr("scoring.audit.pieces._MOST", 3)
    known.learn(made[1], "0" * 64)
    assert known.read(made[0], seq, prev) is None
    monkeypatch.setattr("scoring.audit.pieces._LONGEST", 100)
    known.learn(made[0], "0" * 64)
    assert known.read(made[0], seq, prev) is None
