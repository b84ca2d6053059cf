"""
Examples: what a rubric does, case by case, as data beside it.

Owns the comparison of what an example states with what the rubric does, and what examples should reach; `example_file` owns how they are written. Only
what is stated is compared. Takes a pack and examples; must not know how either is stored, and opens no log.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from scoring import canonical
from scoring.change.example_file import MAX_SHOWN, NONE, read_examples, refusals
from scoring.engine.exact import percent
from scoring.engine.rubric import Rubric
from scoring.engine.table import COMMON, FLAGS, INVALID, OWN, flags_of
from scoring.errors import Problem, SubmissionError
from scoring.rubric.load import pack_at, read_file
from scoring.rubric.reader import MAX_BYTES
from scoring.rubric.tree import lines_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from scoring.change.example_file import Example, Value
    from scoring.engine.decision import Decision
    from scoring.engine.parts import Item
    from scoring.engine.plan import Plan
    from scoring.rubric.tree import Node

__all__ = ["FILE_NAME", "ExampleReport", "ExampleResult", "Reached", "any_level", "run", "run_on"]

FILE_NAME = "examples.yaml"
_RATED = ("rating", "checklist")
_NOTED, _AWAITED = "+noted", "awaited"


@attrs.frozen
class ExampleResult:
    """
    What became of one example.

    Attributes:
        id, shows, profile, level: As the example says; the profile is the rubric's default where it does not.
        decision: What the rubric decides, None where it refuses the submission.
        problems: Empty if the example holds; else one that names every field that differs, or one for each reason of the refusal.
        fields: What of the decision differs from what the example states: `verdict`, `outcomes/ITEM` and the like; none where it is refused.
    """

    id: str
    shows: str
    profile: str
    level: str | None
    decision: Decision | None
    problems: tuple[Problem, ...]
    fields: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether everything that it states is so."""
        return not self.problems


@attrs.frozen
class Reached:
    """
    One thing that examples should reach, and those that do.

    Attributes:
        kind: ``verdict``, ``profile``, ``level``, ``variant``, ``flag``, ``gate``, ``override`` or ``outcome``.
        name: Its id; of an outcome ``item/outcome``. A selection counts option by option; a mark, a checklist and a mean by the lowest and the highest; of
            what raters say `noted` counts once for an item with something to tick.
        examples: Ids of the examples that reach it and hold, in file order.
    """

    kind: str
    name: str
    examples: tuple[str, ...]


@attrs.frozen
class ExampleReport:
    """
    What became of a file of examples.

    Attributes:
        file: Its name.
        results: One for each example, in file order.
        coverage: Everything that examples should reach, in the rubric's order.
    """

    file: str
    results: tuple[ExampleResult, ...]
    coverage: tuple[Reached, ...]

    @property
    def holds(self) -> bool:
        """Whether every example holds."""
        return all(result.holds for result in self.results)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What fails, in file order."""
        return tuple(problem for result in self.results for problem in result.problems)

    @property
    def unreached(self) -> tuple[Reached, ...]:
        """What no example reaches."""
        return tuple(row for row in self.coverage if not row.examples)


def run(rubric_path: str | os.PathLike[str], examples_path: str | os.PathLike[str] | None = None) -> ExampleReport:
    """
    Run the examples beside a rubric.

    Args:
        rubric_path: The rubric, authored or packed.
        examples_path: Its examples; `examples.yaml` in the same directory where left out.

    Raises:
        RubricError: The rubric is wrong, or the examples cannot be understood; with every problem. An example that fails is no error.
        StoreError: A file cannot be read.
    """
    pack = pack_at(os.fspath(rubric_path))
    file = str(Path(rubric_path).with_name(FILE_NAME) if examples_path is None else Path(examples_path))
    return run_on(pack, read_file(file, MAX_BYTES), file)


def run_on(pack: bytes, examples: bytes, file: str = FILE_NAME) -> ExampleReport:
    """
    Run examples on a pack.

    Args:
        pack: The rubric's pack.
        examples: The bytes of the examples file.
        file: Its name, for messages.

    Raises:
        RubricError: The pack is wrong, or the examples cannot be understood; with every problem.
    """
    rubric = Rubric(pack, level=any_level(pack))
    plan = rubric.plan
    read = read_examples(rubric, examples, file)
    loaded = dict.fromkeys((example.profile, example.level) for example in read)
    rubrics = {(profile, level): Rubric(pack, profile, level) for profile, level in loaded}
    lines = lines_of(examples.decode())
    results = tuple(_try(example, rubrics[example.profile, example.level], file, lines) for example in read)
    return ExampleReport(file, results, tuple(_coverage(plan, results)))


def any_level(pack: bytes) -> str | None:
    """A level of the pack, to look at it by; None where it has none. What is no pack is for the engine to refuse."""
    try:
        document: Any = canonical.loads_canonical(pack)
        return str(document["levels"][0]["id"])
    except (canonical.CanonicalError, TypeError, LookupError):
        return None


# ---------------------------------------------------------------------- from a decision to what an example can state of it


_FIELDS: dict[str, Callable[[Decision], Value]] = {
    "verdict": lambda decision: decision.verdict or NONE,
    "action": lambda decision: decision.action,
    "score": lambda decision: decision.score,
    "determined_by": lambda decision: decision.determined_by,
    "status": lambda decision: decision.status,
    "holds": lambda decision: decision.holds,
    "awaited": lambda decision: decision.awaited,
    "reachable": lambda decision: decision.reachable,
}
_BY_ID: dict[str, Callable[[Decision], dict[str, Value]]] = {
    "outcomes": lambda decision: {**decision.outcomes},
    "sections": lambda decision: {**decision.sections},
    "stages": lambda decision: {stage: status for stage, (status, _) in decision.stages.items()},
    "stage shares": lambda decision: {stage: share for stage, (_, share) in decision.stages.items()},
    "gaps": lambda decision: {row.item: None if row.gap is None else str(row.gap) for row in decision.competencies},
}


def _try(example: Example, rubric: Rubric, file: str, lines: list[str]) -> ExampleResult:
    def problem(node: Node, message: str) -> Problem:
        return Problem(
            "example-fails",
            f'example "{example.id}": {message}',
            path=f"examples/{example.id}",
            file=file,
            line=node.line,
            column=node.column,
            source=lines[node.line - 1],
        )

    at = example.node.get("id") or example.node
    decision: Decision | None = None
    differing: dict[str, str] = {}
    try:
        decision = rubric.score(example.submission)
    except SubmissionError as error:
        refused = refusals(rubric.plan, example.submission, error, example.node, at)
        found = [problem(node, f"its submission is refused: {message}") for node, message in refused]
    else:
        differing = _differing(example.expected, decision)
        invalid = _invalid(rubric.plan, example, decision) if differing else ()
        found = [problem(at, "; ".join([*differing.values(), *invalid]))] if differing else []
    return ExampleResult(
        example.id, example.shows, example.profile, example.level, decision, tuple(found), (*differing,)
    )


def _differing(expected: dict[str, Value], decision: Decision) -> dict[str, str]:
    differing = {}
    for field, value in expected.items():
        name, _, thing = field.partition("/")
        found = _BY_ID[name](decision).get(thing) if thing else _FIELDS[name](decision)
        if not _equal(value, found):
            differing[field] = f"{field}: expected {_show(value)}, found {_show(found)}"
    return differing


def _equal(expected: Value, found: Value) -> bool:
    """Exactly, but for the order of a list, which says nothing that the decision's format does not say already."""
    if isinstance(expected, tuple) and isinstance(found, tuple):
        return sorted(expected) == sorted(found)
    return expected == found


def _show(value: Value) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(value)}]"
    if isinstance(value, str):
        return value
    return NONE if value is None else f"{percent(value.numerator, value.denominator)} ({value})"


def _invalid(plan: Plan, example: Example, decision: Decision) -> Iterator[str]:
    """Answers that name no option, which is a slip of whoever wrote the example more often than a point that it makes."""
    invalid, outcomes = COMMON[INVALID], decision.outcomes
    for item in plan.items:
        stated = example.expected.get(f"outcomes/{item.id}") == invalid
        if item.data["kind"] not in ("choice", "selection") or outcomes[item.id] != invalid or stated:
            continue
        answer = example.submission["answers"][item.id]
        options = {option["id"] for option in item.data["options"]}
        strange = [entry for entry in ([answer] if type(answer) is str else answer) if entry not in options]
        named = ", ".join(f'"{entry[:MAX_SHOWN]}"' for entry in strange)
        yield f"{item.id}: {named} {'is no option' if len(strange) == 1 else 'are no options'} of it ({invalid})"


# ---------------------------------------------------------------------- what examples should reach


def _coverage(plan: Plan, results: Iterable[ExampleResult]) -> Iterator[Reached]:
    reached: dict[tuple[str, str], list[str]] = {}
    for result in results:
        if result.holds and result.decision is not None:
            for thing in {*_reached_by(plan, result.decision)}:
                reached.setdefault(thing, []).append(result.id)
    for kind, name in _to_reach(plan):
        yield Reached(kind, name, tuple(reached.get((kind, name), ())))


def _to_reach(plan: Plan) -> Iterator[tuple[str, str]]:
    pack = plan.pack
    raised = {flag for item in plan.items for word in {*item.words} for flag in flags_of(word)}
    yield from (("verdict", verdict) for verdict in plan.verdicts)
    yield from (("profile", profile["id"]) for profile in pack["profiles"])
    yield from (("level", level["id"]) for level in pack["levels"])
    yield from (("variant", variant["id"]) for variant in pack["variants"])
    yield from (("flag", flag) for flag in FLAGS if flag in raised)
    yield from (("gate", gate["id"]) for stage in pack["stages"] for gate in stage["gate"])
    yield from (("override", override["id"]) for override in pack["overrides"])
    for item in plan.items:
        yield from (("outcome", f"{item.id}/{name}") for name in _outcomes_to_reach(item))


def _outcomes_to_reach(item: Item) -> list[str]:
    """All own outcomes of an item, but for kinds that have too many of them; none of one that was taken out."""
    if item.data["void"]:
        return []
    if item.data["kind"] == "selection":
        return [option["id"] for option in item.data["options"]]
    names = [item.name(code) for code in range(OWN, len(item.words))]
    if item.data["kind"] not in _RATED:
        return names[:: max(len(names) - 1, 1)] if item.data["kind"] == "mark" else names
    plain = [name for name in names if not name.endswith(_NOTED) and name != _AWAITED]
    if item.data["kind"] == "checklist" or item.data["raters"]["combine"] == "mean":
        plain = plain[:: max(len(plain) - 1, 1)]
    return [*plain, *([_NOTED[1:]] if any(item.data["records"].values()) else []), _AWAITED]


def _reached_by(plan: Plan, decision: Decision) -> Iterator[tuple[str, str]]:
    if decision.verdict is not None:
        yield "verdict", decision.verdict
    data = decision.data
    yield from ((kind, data[kind]) for kind in ("profile", "level", "variant") if data[kind] is not None)
    yield from (("flag", flag) for flag in decision.flags)
    for by in decision.caps:
        kind, _, name = by.partition(":")
        yield kind, name
    outcomes = decision.outcomes
    for item in plan.items:
        outcome = outcomes[item.id]
        chosen = outcome.split("+") if item.data["kind"] in ("selection", *_RATED) else [outcome]
        yield from (("outcome", f"{item.id}/{name}") for name in chosen)
