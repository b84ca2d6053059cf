"""Funnels made by hand: packs of several stages, what is handed in to them, and every way to finish a case."""

from __future__ import annotations

from itertools import combinations, product
from math import prod
from typing import Any

from packs import AWAITS_ALL, choice, funnel, number, override, pack, rating, rubric, section, stage, text, verdict
from scoring import SubmissionError, canonical
from scoring.engine.decision import encode_outcomes
from scoring.engine.rubric import Rubric
from scoring.engine.table import EXCLUDED, UNOPENED

ALL = ["door", "test", "talk"]
ANN = {"raters": {"ann": "examiner"}}
BOTH = {"ann": "examiner", "bob": "examiner"}


def door(name: str = "licence") -> dict[str, Any]:
    """A question whose answer `no` knocks out."""
    return choice(name, yes=("1", None), no=("0", "knock_out")) | AWAITS_ALL


def referring(name: str) -> dict[str, Any]:
    """A question whose answer `odd` raises refer and whose answer `fine` raises nothing; both earn the point."""
    return choice(name, fine=("1", None), odd=("1", "refer"))


def hiring(**more: Any) -> dict[str, Any]:
    """
    A door without a score, a test worth 2/3 (maths 2/3 of it, words 1/3) and a talk worth 1/3.

    The door knocks out; the test's gate asks for half of maths; the talk is a rating of 0, 1/2 or 1.
    """
    half = override("half-of-maths", "weak", {"section": "maths", "below": "1/2"})
    document = funnel(
        stage("door", section("entry", door())),
        stage("test", section("maths", number("n1"), number("n2")), section("words", text("word")), gate=[half]),
        stage("talk", section("talk", rating("clarity"))),
        shares={"entry": "0", "maths": "2/3", "words": "1/3"},
        weights=["0", "2/3", "1/3"],
    )
    return document | more


def two(first: dict[str, Any], second: dict[str, Any], gate: list[Any] | None = None, **more: Any) -> dict[str, Any]:
    """Two stages, `one` and `two`, of one item each; *gate* is the first one's."""
    return funnel(stage("one", section("a", first), gate=gate), stage("two", section("b", second)), **more)


def gated() -> dict[str, Any]:
    """A knock-out, a gate by section, a gate by flags, a fatal answer and two overrides, on five small items."""
    deadly = choice("deadly", A=("1", None), D=("0", "fatal"))
    third = number("n3")
    return funnel(
        stage(
            "one", section("a", door(), number("n1")), gate=[override("ga", "middling", {"section": "a", "below": "1"})]
        ),
        stage(
            "two",
            section("b", referring("odd1"), deadly),
            gate=[override("gb", "weak", {"all": [{"flag": "refer", "at_least": 1}, {"section": "b", "below": "1"}]})],
        ),
        stage("three", section("c", rating("r"), third)),
        weights=["0", "1/3", "2/3"],
        overrides=[
            override("oc", "middling", {"stage": "three", "below": "1/2"}),
            override("od", "barred", {"all": [{"flag": "refer", "at_least": 1}, {"section": "c", "below": "1/2"}]}),
        ],
        verdicts=[
            verdict("strong", "4/5", "advance"),
            verdict("middling", "3/5", "review"),
            verdict("weak", "0", "decline"),
            verdict("barred", None, "decline"),
        ],
    )


def staffed(first: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """
    Levels junior and senior, of which the competency `craft` expects `fair` and `good`, and variants desk and field.

    Each variant has a number of its own in the section `task`; the rating `skill` is about the competency.
    """
    skill = rating("skill") | {"competency": "craft"}
    skill |= first or {}
    document = pack(
        section("task", number("n"), number("d", only="desk"), number("f", only="field")),
        section("skills", skill),
        levels=[{"about": {}, "id": "junior"}, {"about": {}, "id": "senior"}],
        variants=[{"about": {}, "id": "desk"}, {"about": {}, "id": "field"}],
        competencies=[
            {"about": {}, "assumed": ["senior"], "expected": {"junior": "fair", "senior": "good"}, "id": "craft"}
        ],
    )
    return document | more


def by_level(below: str, at: str, above: str) -> dict[str, Any]:
    """What turns the rating of `staffed` into one of points by level."""
    values: list[Any] = [{"about": {}, "id": value, "points": "0"} for value in ("poor", "fair", "good")]
    return {"level_points": {"above": above, "at": at, "below": below}, "values": values}


def score(document: dict[str, Any], answers: dict[str, Any], *, level: str | None = None, **more: Any) -> Any:
    """Score answers; *more* are the other keys of a submission."""
    return Rubric(canonical.dumps(document), level=level).score({"answers": answers, **more})


def rated(value: str, **more: Any) -> dict[str, Any]:
    """What the rater ann says."""
    return {"ann": {"rating": value, **more}}


def refused(
    document: dict[str, Any], answers: dict[str, Any], *, level: str | None = None, **more: Any
) -> list[tuple[str, str]]:
    """The problems, path and message, for which a submission is refused."""
    try:
        score(document, answers, level=level, **more)
    except SubmissionError as error:
        return [(problem.path, problem.message) for problem in error.problems]
    return []


def ways(item: dict[str, Any]) -> list[Any]:
    """An answer for every outcome of a choice, number, text or rating by ann that a completion may give it, None for *blank* where it may."""
    answers: list[Any] = []
    if item["kind"] == "choice":
        answers = [option["id"] for option in item["options"]]
        answers += [list(pair) for pair in combinations(answers, 2)]
        answers += ["no such option"] if "invalid" not in item["awaits"] else []
    elif item["kind"] == "number":
        answers = [key["low"] for key in item["keys"]] + ["-1234567", "1 or 2", "none"]
    elif item["kind"] == "text":
        answers = [key["texts"][0] for key in item["keys"]] + ["something else"]
    else:
        answers = [rated(value["id"]) for value in item["values"]]
    return answers + ([None] if "blank" not in item["awaits"] else [])


def completions(document: dict[str, Any], submission: dict[str, Any], free: list[str]) -> list[Any]:
    """Every decision to which a case can come whose items *free* are still open, one for each way to answer them."""
    items = {item["id"]: item for s in document["stages"] for part in s["sections"] for item in part["items"]}
    handle = rubric(document)
    done = []
    for answers in product(*(ways(items[name]) for name in free)):
        whole = submission | {
            "answers": submission["answers"] | dict(zip(free, answers, strict=True)),
            "handed_in": [s["id"] for s in document["stages"]],
        }
        done.append(_score_to_the_end(handle, document, whole))
    return done


def _score_to_the_end(handle: Any, document: dict[str, Any], submission: dict[str, Any]) -> Any:
    """Score it; where the case ended earlier, without the answers that come too late."""
    try:
        return handle.score(submission)
    except SubmissionError as error:
        late = {problem.path.removeprefix("answers/") for problem in error.problems}
        kept = {name: answer for name, answer in submission["answers"].items() if name not in late}
        return handle.score(submission | {"answers": kept})


def every_code(handle: Any, decision: Any, most: int) -> set[str | None] | None:
    """
    The verdicts of all completions of a pending decision, judged one by one from outcomes; None where there are more than *most* of them.

    An excluded item that is awaited is given outcomes as its empty section would have them, so it must raise nothing and stand in no condition.
    """
    items = [item for item in handle.plan.items if item.id in decision.awaited]
    free = [
        [code for code in item.codes() if code not in (EXCLUDED, UNOPENED) and code not in item.awaits]
        for item in items
    ]
    if prod(map(len, free)) > most:
        return None
    found = set()
    for chosen in product(*free):
        codes = [*decision.standing.codes]
        for item, code in zip(items, chosen, strict=True):
            codes[item.place] = code
        outcomes = encode_outcomes(handle.plan, codes)
        found.add(handle.rejudge({**decision.data, "handed_in": [*handle.stages], "outcomes": outcomes}).verdict)
    return found
