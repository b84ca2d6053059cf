"""
Examples: what a rubric does, case by case, as data beside it.

Owns the form of `examples.yaml` and the comparison of what an example states with what the rubric does. The file holds

- ``base``: one submission, `answers` and perhaps `facts`;
- ``examples``: a list of the cases, each the base changed by `answers`, `without`, `not_administered`, `facts`, `notice` and `profile`, with what it
  `shows` and what to `expect`.

`rules/README.md` has every key. Only what is stated is compared, and `verdict`, `action`, `score` and `determined_by` have to be stated, as a score
alone does not show why a verdict came out. Takes a pack and examples; must not know how either is stored, and opens no log.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import attrs

from scoring.engine.classify import COMMON, FLAGS, OWN, flags_of
from scoring.engine.judge import HOLDS
from scoring.engine.rubric import Rubric
from scoring.engine.shape import ACTIONS, is_id
from scoring.errors import Problem, RubricError, SubmissionError, did_you_mean
from scoring.rubric.exact import NumberError, share
from scoring.rubric.load import load, read_file
from scoring.rubric.reader import MAX_BYTES, parse
from scoring.rubric.tree import Enough, Findings, Hole, Mapping, Node, Scalar, Sequence, lines_of

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Collection, Iterable, Iterator

    from scoring.engine.decision import Decision
    from scoring.engine.plan import Item, Plan

__all__ = ["FILE_NAME", "ExampleReport", "ExampleResult", "Reached", "run", "run_on"]

FILE_NAME = "examples.yaml"

NONE = "none"  # how an example says that there is no verdict, or no score, yet
STATUSES = ("decided", "pending", "ended")
STARTED_AT = "2026-11-21T09:05:00Z"  # where no fact says when the candidate started
# When the notice was shown, seconds after the start; `proven` is what examples are about unless they say otherwise.
NOTICES = {"proven": -300, "at_start": 0, "late": 1}
MISSING = "missing"
MAX_RATIO = 600  # characters of a score; from 640 digits on CPython may refuse to read an integer

Value: TypeAlias = str | Fraction | tuple[str, ...] | None


@attrs.frozen
class Example:
    """One example as it was read: the submission it makes, and what it states about the decision, field by field."""

    id: str
    shows: str
    profile: str
    submission: dict[str, Any]
    expected: dict[str, Value]
    node: Mapping = attrs.field(eq=False, repr=False)


@attrs.frozen
class ExampleResult:
    """
    What became of one example.

    Attributes:
        id, shows, profile: As the example says; the profile is the rubric's default where it does not.
        decision: What the rubric decides, None where it refuses the submission.
        problems: Empty if the example holds; else one that names every field that differs, or one for each reason of the refusal.
    """

    id: str
    shows: str
    profile: str
    decision: Decision | None
    problems: tuple[Problem, ...]

    @property
    def holds(self) -> bool:
        """Whether everything that it states is so."""
        return not self.problems


@attrs.frozen
class Reached:
    """
    One thing that examples should reach, and those that do.

    Attributes:
        kind: ``verdict``, ``profile``, ``flag``, ``override`` or ``outcome``.
        name: Its id; of an outcome ``item/outcome``. A selection counts option by option, a mark by its lowest and its highest.
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
    rubric = load(rubric_path)
    file = str(Path(rubric_path).with_name(FILE_NAME) if examples_path is None else Path(examples_path))
    return run_on(rubric.pack, read_file(file, MAX_BYTES), file)


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
    plan = Rubric(pack).plan
    read = _read(plan, examples, file)
    rubrics = {profile: Rubric(pack, profile) for profile in dict.fromkeys(example.profile for example in read)}
    lines = lines_of(examples.decode())
    results = tuple(_try(example, rubrics[example.profile], file, lines) for example in read)
    return ExampleReport(file, results, tuple(_coverage(plan, results)))


# ---------------------------------------------------------------------- from a decision to what an example can state of it


_FIELDS: dict[str, Callable[[Decision], Value]] = {
    "verdict": lambda decision: decision.verdict or NONE,
    "action": lambda decision: decision.action,
    "score": lambda decision: decision.score,
    "determined_by": lambda decision: decision.determined_by,
    "status": lambda decision: decision.status,
    "holds": lambda decision: decision.holds,
    "reachable": lambda decision: decision.reachable,
}
_REQUIRED = ("verdict", "action", "score", "determined_by")


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
    try:
        decision = rubric.score(example.submission)
    except SubmissionError as error:
        found = [problem(_at(example.node, p.path) or at, f"its submission is refused: {p}") for p in error.problems]
    else:
        differing = _differing(example.expected, decision)
        found = [problem(at, "; ".join(differing))] if differing else []
    return ExampleResult(example.id, example.shows, example.profile, decision, tuple(found))


def _differing(expected: dict[str, Value], decision: Decision) -> list[str]:
    outcomes = decision.outcomes
    differing = []
    for field, value in expected.items():
        name, _, item = field.partition("/")
        found = outcomes[item] if item else _FIELDS[name](decision)
        if not _equal(value, found):
            differing.append(f"{field}: expected {_show(value)}, found {_show(found)}")
    return differing


def _equal(expected: Value, found: Value) -> bool:
    """Exactly, but for the order of a list, which says nothing that the decision's format does not say already."""
    if isinstance(expected, tuple) and isinstance(found, tuple):
        return sorted(expected) == sorted(found)
    return expected == found


def _show(value: Value) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(value)}]"
    return NONE if value is None else str(value)


def _at(node: Node, path: str) -> Node | None:
    """Where a submission's path leads in an example: only where the example itself says something there."""
    for name in path.split("/")[:2]:
        inner = node.get(name) if isinstance(node, Mapping) else None
        if inner is None:
            return None
        node = inner
    return node


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
    raised = {flag for item in plan.items for word in {*item.words} for flag in flags_of(word)}
    yield from (("verdict", verdict) for verdict in plan.verdicts)
    yield from (("profile", profile["id"]) for profile in plan.pack["profiles"])
    yield from (("flag", flag) for flag in FLAGS if flag in raised)
    yield from (("override", override["id"]) for override in plan.pack["overrides"])
    for item in plan.items:
        yield from (("outcome", f"{item.id}/{name}") for name in _outcomes_to_reach(item))


def _outcomes_to_reach(item: Item) -> list[str]:
    """All own outcomes of an item, but for kinds that have too many of them."""
    if item.data["kind"] == "selection":
        return [option["id"] for option in item.data["options"]]
    own = range(OWN, len(item.words))
    if item.data["kind"] == "mark":
        own = range(own.start, own.stop, max(len(own) - 1, 1))
    return [item.name(code) for code in own]


def _reached_by(plan: Plan, decision: Decision) -> Iterator[tuple[str, str]]:
    if decision.verdict is not None:
        yield "verdict", decision.verdict
    yield "profile", decision.data["profile"]
    yield from (("flag", flag) for flag in decision.flags)
    for by in decision.caps:
        kind, _, name = by.partition(":")
        yield kind, name
    outcomes = decision.outcomes
    for item in plan.items:
        outcome = outcomes[item.id]
        chosen = outcome.split("+") if item.data["kind"] == "selection" else [outcome]
        yield from (("outcome", f"{item.id}/{name}") for name in chosen)


# ---------------------------------------------------------------------- from the file to examples


def _read(plan: Plan, data: bytes, file: str) -> list[Example]:
    root, findings = parse(data, file)
    examples: list[Example] = []
    if root is not None:
        with suppress(Enough):
            examples = _Reading(plan, findings).examples(root)
    if findings.failed:
        raise RubricError(findings.sorted())
    return examples


class _Reading:
    """Reads the tree of an examples file, with the rubric at hand, and reports everything that is wrong in it."""

    def __init__(self, plan: Plan, findings: Findings) -> None:
        self.plan = plan
        self.findings = findings
        self.outcomes: dict[str, dict[str, None]] = {}
        # What may stand under a key of `expect`: one of these words, or a list of these words.
        self.words: dict[str, tuple[str, ...]] = {
            "verdict": (*plan.verdicts, NONE),
            "action": (*ACTIONS, "wait"),
            "status": STATUSES,
        }
        self.lists: dict[str, tuple[str, ...]] = {
            "determined_by": ("band", *(by for by, _ in plan.caps)),
            "holds": HOLDS,
            "reachable": plan.verdicts,
        }

    def examples(self, root: Node) -> list[Example]:
        """Read the whole file."""
        top = self.keys(root, "the file", ("base", "examples"), ("base", "examples"))
        base = self.keys(top.get("base"), "the base", ("answers", "facts"), ("answers",))
        answers, facts = self.by_item(base.get("answers")), self.by_name(base.get("facts"))
        entries = self.entries(top.get("examples"), "a list of examples")
        examples = [self.example(node, answers, facts) for node in entries]
        if "examples" in top and not examples:
            self.findings.report(top["examples"], "too-few", "there is no example")
        first: dict[str, Node] = {}
        for example in examples:
            earlier = first.setdefault(example.id, example.node)
            if earlier is not example.node and example.id:
                message = f'the id "{example.id}" stands twice; the first one is in line {earlier.line}'
                self.findings.report(example.node.get("id") or example.node, "id-twice", message)
        return examples

    def example(self, node: Node, base_answers: dict[str, Any], base_facts: dict[str, Any]) -> Example:
        """Read one example."""
        keys = self.keys(node, "an example", _EXAMPLE_KEYS, ("id", "shows", "expect"))
        own = self.by_item(keys.get("answers"))
        without = self.words_of(keys.get("without"), self.plan.index, "an item of the rubric")
        never = self.by_item(keys.get("not_administered"))
        for item in own:
            if item in without or item in never:
                other = "without" if item in without else "not_administered"
                self.findings.report(keys[other], "two-sayings", f'"{item}" stands under `answers` too: leave one out')
        answers = {item: answer for item, answer in base_answers.items() if item not in without and item not in never}
        submission: dict[str, Any] = {"answers": {**answers, **own}, "facts": self.facts(keys, base_facts)}
        if never:
            submission["not_administered"] = never
        return Example(
            self.id(keys.get("id")),
            self.text(keys.get("shows")) or "",
            self.word(keys.get("profile"), [profile["id"] for profile in self.plan.pack["profiles"]])
            or self.plan.pack["default_profile"],
            submission,
            self.expected(keys.get("expect")),
            node if isinstance(node, Mapping) else Mapping(node.line, node.column),
        )

    def facts(self, keys: dict[str, Node], base: dict[str, Any]) -> dict[str, Any]:
        """The base's facts, the example's own, and when the notice was shown."""
        own = self.by_name(keys.get("facts"))
        facts = {**base, **own}
        at = keys.get("notice")
        if at is not None and self.plan.notice_digest is None:
            self.findings.report(at, "notice-none", "the rubric has no notice: leave this key out")
        if at is not None and "notice" in own:
            self.findings.report(at, "two-sayings", "`facts` says too when the notice was shown: leave one out")
        if self.plan.notice_digest is None or (at is None and "notice" in facts):
            return facts
        word = self.word(at, (*NOTICES, MISSING)) or "proven"
        facts.pop("notice", None)
        if word != MISSING:
            facts.setdefault("started_at", STARTED_AT)
            shown = _later(facts["started_at"], NOTICES[word])
            facts["notice"] = {"sha256": self.plan.notice_digest, "at": shown}
        return facts

    def expected(self, node: Node | None) -> dict[str, Value]:
        """Read what an example states."""
        stated: dict[str, Value] = {}
        for key, at in self.keys(node, "`expect`", (*_FIELDS, "outcomes"), _REQUIRED).items():
            if key in self.words:
                stated[key] = self.word(at, self.words[key])
            elif key in self.lists:
                stated[key] = self.words_of(at, self.lists[key])
            elif key == "score":
                stated[key] = self.score(at)
            else:
                for item in self.by_item(at):
                    inner = at.get(item) if isinstance(at, Mapping) else None
                    stated[f"outcomes/{item}"] = self.outcome(inner, self.plan.items[self.plan.index[item]])
        return stated

    def score(self, node: Node) -> Fraction | None:
        """Read a share, or that there is none."""
        text = self.text(node)
        if text is None or text == NONE:
            return None
        try:
            return _ratio(text) or share(text)
        except NumberError as error:
            self.findings.report(node, "number", f"{error}, or {NONE} while something is awaited")
            return None

    def outcome(self, node: Node | None, item: Item) -> str | None:
        """Read the name of an outcome of an item."""
        if item.id not in self.outcomes:
            own = (item.name(code) for code in range(OWN, len(item.words)))
            self.outcomes[item.id] = dict.fromkeys((*COMMON, *own))
        return self.word(node, self.outcomes[item.id], f'an outcome of "{item.id}"')

    # ------------------------------------------------------------------ forms

    def keys(self, node: Node | None, what: str, known: Iterable[str], required: Iterable[str]) -> dict[str, Node]:
        """The values under the known keys of a mapping."""
        if node is None:
            return {}
        known = tuple(known)
        if not isinstance(node, Mapping):
            self.wrong_form(node, f"{what} with its keys {', '.join(known)}")
            return {}
        for key, _ in node:
            if key.text not in known:
                hint = did_you_mean(key.text, known) or f"; it has {', '.join(known)}"
                self.findings.report(key, "unknown-key", f'{what} has no key "{key.text[:48]}"{hint}')
        for name in required:
            if node.get(name) is None:
                self.findings.report(node, "missing-key", f'{what} needs the key "{name}"')
        return {key.text: value for key, value in node if key.text in known}

    def by_item(self, node: Node | None) -> dict[str, Any]:
        """Read a mapping whose keys are items; what stands under them is for the engine to judge."""
        values = self.by_name(node)
        if isinstance(node, Mapping):
            for key, _ in node:
                self.word(key, self.plan.index, "an item of the rubric")
        return {item: value for item, value in values.items() if item in self.plan.index}

    def by_name(self, node: Node | None) -> dict[str, Any]:
        """Read a mapping as a submission holds it."""
        if isinstance(node, Mapping):
            return {key.text: self.plain(value) for key, value in node}
        if node is not None:
            self.wrong_form(node, "keys with values")
        return {}

    def plain(self, node: Node | None) -> Any:
        """A node as a submission holds it: texts, lists and objects."""
        if isinstance(node, Mapping):
            return self.by_name(node)
        if isinstance(node, Sequence):
            return [self.plain(entry) for entry in node]
        if isinstance(node, Scalar) and node.empty:
            self.findings.report(node.key or node, "no-value", 'there is no value here: write "" for a blank answer')
        return node.text if isinstance(node, Scalar) else None

    def entries(self, node: Node | None, what: str) -> list[Node]:
        """The entries of a list."""
        if node is not None and not isinstance(node, Sequence):
            self.wrong_form(node, what)
        return node.entries if isinstance(node, Sequence) else []

    def text(self, node: Node | None) -> str | None:
        """A text that is not empty."""
        if isinstance(node, Scalar) and node.text.strip():
            return node.text
        if isinstance(node, Scalar):
            self.findings.report(node.key or node, "no-value", "expected a text, found nothing")
        elif node is not None:
            self.wrong_form(node, "a text")
        return None

    def id(self, node: Node | None) -> str:
        """Read an example's id."""
        text = self.text(node) or ""
        if node is not None and text and not is_id(text):
            self.findings.report(
                node, "id-form", f'"{text[:48]}" is no id: use letters A-Z a-z, digits, . _ - and no spaces'
            )
        return text

    def word(self, node: Node | None, known: Collection[str], what: str = "") -> str | None:
        """One of a few words."""
        text = self.text(node)
        if node is None or text is None or text in known:
            return text
        expected = what or f"one of {', '.join(known)}"
        hint = did_you_mean(text, [*known])
        self.findings.report(node, "unknown-word", f'expected {expected}; found "{text[:48]}"{hint}')
        return None

    def words_of(self, node: Node | None, known: Collection[str], what: str = "") -> tuple[str, ...]:
        """Read a list of such words."""
        entries = self.entries(node, "a list, as in [A, B]")
        return tuple(word for entry in entries if (word := self.word(entry, known, what)) is not None)

    def wrong_form(self, node: Node, expected: str) -> None:
        """Report a list where keys belong, or the other way round."""
        if not isinstance(node, Hole):
            found = "nothing" if isinstance(node, Scalar) and node.empty else node.kind
            self.findings.report(node, "wrong-form", f"expected {expected}; found {found}")


_EXAMPLE_KEYS = ("id", "shows", "profile", "answers", "without", "not_administered", "facts", "notice", "expect")


def _ratio(text: str) -> Fraction | None:
    """A ratio, and a longer one than a rubric may hold: a total can have a long denominator."""
    over, slash, under = text.partition("/")
    if slash and text.isascii() and over.isdigit() and under.isdigit() and len(text) <= MAX_RATIO and int(under):
        return Fraction(int(over), int(under))
    return None


def _later(time: object, seconds: int) -> str:
    """A time so many seconds later; the same text where it is no time, for the engine to refuse."""
    try:
        moved = datetime.fromisoformat(str(time)) + timedelta(seconds=seconds)
        return moved.isoformat(timespec="seconds").replace("+00:00", "Z")
    except (ValueError, OverflowError):
        return str(time)
