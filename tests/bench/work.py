"""
The work that is measured: rubrics of 5, 50 and 500 items, sheets for them, and the least that plain Python can do with both.

Five weighted sections of choices, numbers with a tolerance, texts that contain a word, and selections marked in thirds; a knock-out, a fatal option; bands
from 80 and 60 %. Two sets of sheets: random ones with 2 % blanks, and ones exactly on a cut and on the edges of tolerances. All drawn from a fixed seed.
"""

from __future__ import annotations

import random
from fractions import Fraction
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import packs

if TYPE_CHECKING:
    from collections.abc import Callable

SHARES = ["1/10", "3/10", "1/5", "1/5", "1/5"]
CUTS = {"strong": Fraction(4, 5), "middling": Fraction(3, 5)}
WORDS = ["index", "leak", "median", "cache", "holdout", "outlier", "shard", "queue", "sample", "drift"]
FILLER = ["we", "would", "first", "look", "at", "the", "numbers", "because", "one", "of", "them", "seems", "off"]
RIGHT, WRONG = ["A", "B", "C"], ["D", "E"]
TOLERANCE = Fraction(1, 10)
SEED = 20261122
NOTICE = "Some answers disqualify."
DIGEST = sha256(NOTICE.encode()).hexdigest()


def facts(rng: random.Random) -> dict[str, Any]:
    """A proof of notice: told at some second of a morning, started at another of the afternoon."""
    day = f"2026-11-{rng.randint(1, 30):02}"
    told, started = (
        f"{day}T{rng.randint(first, first + 11):02}:{rng.randint(0, 59):02}:{rng.randint(0, 59):02}Z"
        for first in (0, 12)
    )
    return {"notice": {"at": told, "sha256": DIGEST}, "started_at": started}


def spell(value: Fraction) -> str:
    """A value with at most two decimals, as a person types it."""
    hundredths = value * 100
    assert hundredths.denominator == 1
    sign, (whole, rest) = "-" * (value < 0), divmod(abs(hundredths.numerator), 100)
    return f"{sign}{whole}.{rest:02}".rstrip("0").rstrip(".")


def value_of(place: int) -> Fraction:
    """The key of the number item at *place*."""
    return Fraction(place * 37 % 400 + 10, 10)


def words_of(place: int) -> list[str]:
    """What the text item at *place* looks for."""
    return [WORDS[place % 10], WORDS[(place + 3) % 10]]


def item(place: int) -> dict[str, Any]:
    """The item at *place*: choice, number, text, selection and choice in turn; one choice has a knock-out, one a fatal option."""
    name = f"item-{place:03}"
    kind = place % 5
    if kind in {0, 4}:
        return packs.choice(
            name, A=("0", None), B=("1", None), C=("1/2", None), D=("0", {0: "knock_out", 4: "fatal"}.get(place))
        ) | (packs.AWAITS_ALL if place == 0 else {})
    if kind == 1:
        low, high = str(value_of(place) - TOLERANCE), str(value_of(place) + TOLERANCE)
        return packs.number(name, keys=[packs.part("near", low=low, high=high, points="1")])
    if kind == 2:
        return packs.text(name, keys=[packs.part("named", match="contains_any", texts=words_of(place), points="1")])
    options = [packs.part(option, right=option in RIGHT) for option in [*RIGHT, *WRONG]]
    return packs.selection(name, mode="coverage", options=options)


def pack(count: int) -> dict[str, Any]:
    """A rubric of *count* items, a multiple of 5, over five sections."""
    sections = [
        packs.section(f"section-{n}", *(item(place) for place in range(n * count // 5, (n + 1) * count // 5)))
        for n in range(5)
    ]
    return packs.pack(*sections, shares=SHARES, rubric=f"work-{count}", notice=NOTICE)


def answer(place: int, rng: random.Random) -> Any:
    """An answer to the item at *place*, right two times in three; 2 % are blank."""
    if place and rng.random() < 0.02:
        return ""
    right = rng.random() < 2 / 3
    kind = place % 5
    if kind in {0, 4}:
        wrong = ["A", "C", "D"] if place not in {0, 4} or rng.random() < 0.05 else ["A", "C"]
        return "B" if right else rng.choice(wrong)
    if kind == 1:
        off = Fraction(rng.randint(-9, 9), 100) if right else Fraction(rng.randint(11, 500), 100)
        return spell(value_of(place) + off)
    if kind == 2:
        words = rng.choices(FILLER, k=8)
        return " ".join([*words[:4], rng.choice(words_of(place)), *words[4:]] if right else words)
    return rng.sample(RIGHT, 3) if right else rng.sample([*RIGHT, *WRONG], rng.randint(1, 3))


def sheets(count: int, number: int) -> list[dict[str, Any]]:
    """Random submissions, each with times of its own."""
    rng, times = random.Random(SEED + count), random.Random(SEED)
    return [
        {
            "answers": {f"item-{place:03}": answer(place, rng) for place in range(count)},
            "case": f"c-{n}",
            "facts": facts(times),
            "id": f"s-{n}",
        }
        for n in range(number)
    ]


def _worth(count: int, place: int) -> Fraction:
    """What full marks of the item at *place* add to the total."""
    return Fraction(SHARES[place * 5 // count]) / (count // 5)


def _exactly(place: int, rng: random.Random) -> tuple[Any, Fraction]:
    """An answer on the edge of what is right, and the share of the item's points that it earns, by the rubric's words."""
    kind = place % 5
    if kind in {0, 4}:
        return rng.choice([("B", Fraction(1)), ("C", Fraction(1, 2)), ("A", Fraction(0))])
    if kind == 1:
        off, earned = rng.choice([(TOLERANCE, 1), (-TOLERANCE, 1), (TOLERANCE + Fraction(1, 100), 0)])
        return spell(value_of(place) + off), Fraction(earned)
    if kind == 2:
        return rng.choice([(" ".join(FILLER), Fraction(0)), (f"the {words_of(place)[0]} first", Fraction(1))])
    right = rng.randint(1, 3)
    return rng.sample(RIGHT, right), Fraction(right, 3)


def edges(count: int, number: int) -> list[tuple[dict[str, Any], str]]:
    """Submissions whose exact total is a cut, with numbers on the edges of tolerances; and the verdict, from fractions alone."""
    rng = random.Random(SEED - count)
    found: list[tuple[dict[str, Any], str]] = []
    while len(found) < number:
        verdict, cut = rng.choice([*CUTS.items()])
        drawn = [_exactly(place, rng) for place in range(count)]
        total = sum(_worth(count, place) * earned for place, (_, earned) in enumerate(drawn))
        for _ in range(20 * count):  # others for one item after another, as long as that comes nearer
            if total == cut:
                break
            place = rng.randrange(count)
            other = _exactly(place, rng)
            moved = total + _worth(count, place) * (other[1] - drawn[place][1])
            if abs(moved - cut) <= abs(total - cut):
                drawn[place], total = other, moved
        if total == cut:
            answers = {f"item-{place:03}": answer for place, (answer, _) in enumerate(drawn)}
            name = f"e-{len(found)}"
            found.append(({"answers": answers, "case": name, "facts": facts(rng), "id": name}, verdict))
    return found


def floor(count: int) -> Callable[[dict[str, Any]], tuple[str, float]]:
    """
    The tuned floor: what a careful script does. Everything is worked out beforehand; floats, nothing checked, nothing kept but the score and the verdict.

    One loop over the items. A malformed answer would raise or score wrongly; on sheets that are right but for blanks it does what it should.
    """
    right = frozenset(RIGHT)
    part = [0.0, 1 / 3, 2 / 3, 1.0]
    tolerance = float(TOLERANCE)
    items = []
    for place in range(count):
        worth = float(Fraction(SHARES[place * 5 // count])) / (count // 5)
        kind = place % 5 % 4  # the last of five is a choice too
        data: Any = {"B": worth, "C": worth / 2}
        if kind == 1:
            data = float(value_of(place))
        elif kind == 2:
            data = words_of(place)
        items.append((f"item-{place:03}", kind, data, worth))

    def score(sheet: dict[str, Any]) -> tuple[str, float]:
        answers = sheet["answers"]
        total = 0.0
        for name, kind, data, worth in items:
            answer = answers[name]
            if kind == 0:
                total += data.get(answer, 0.0)
            elif not answer:
                continue
            elif kind == 1:
                if abs(float(answer) - data) <= tolerance:
                    total += worth
            elif kind == 2:
                text = answer.lower()
                if data[0] in text or data[1] in text:
                    total += worth
            elif right.issuperset(answer):
                total += worth * part[len(answer)]
        if answers["item-000"] == "D" or answers["item-004"] == "D":
            return "weak", total
        return ("strong" if total >= 0.8 else "middling" if total >= 0.6 else "weak"), total

    return score


def grouped_floor(count: int) -> Callable[[dict[str, Any]], tuple[str, float]]:
    """The same with a loop for each kind, for those who know their rubric by heart: about a fifth faster."""
    size = count // 5
    weight = [float(Fraction(share)) / size for share in SHARES]
    choices, numbers, texts, selections = [], [], [], []
    for place in range(count):
        name, worth = f"item-{place:03}", weight[place // size]
        if place % 5 in {0, 4}:
            choices.append((name, {"B": worth, "C": worth / 2}))
        elif place % 5 == 1:
            numbers.append((name, float(value_of(place)), worth))
        elif place % 5 == 2:
            texts.append((name, *words_of(place), worth))
        else:
            selections.append((name, worth))
    right = frozenset(RIGHT)
    part = [0.0, 1 / 3, 2 / 3, 1.0]
    tolerance = float(TOLERANCE)

    def score(sheet: dict[str, Any]) -> tuple[str, float]:
        answers = sheet["answers"]
        total = 0.0
        for name, points in choices:
            total += points.get(answers[name], 0.0)
        for name, key, worth in numbers:
            text = answers[name]
            if text and abs(float(text) - key) <= tolerance:
                total += worth
        for name, one, other, worth in texts:
            text = answers[name].lower()
            if one in text or other in text:
                total += worth
        for name, worth in selections:
            chosen = answers[name]
            if chosen and right.issuperset(chosen):
                total += worth * part[len(chosen)]
        if answers["item-000"] == "D" or answers["item-004"] == "D":
            return "weak", total
        return ("strong" if total >= 0.8 else "middling" if total >= 0.6 else "weak"), total

    return score
