"""
The file of examples: from `examples.yaml` to submissions and what is stated about them.

Owns the form of the file, which holds

- ``base``: one submission, `answers` and perhaps `facts`, `raters`, `variant`, `handed_in`, `level`;
- ``examples``: a list of the cases, each the base changed by the same keys and by `without`, `not_administered`, `notice`, `profile`, `void`,
  `reinstate`, with what it `shows` and what to `expect`.

`docs/examples.md` has every key. `verdict`, `action`, `score` and `determined_by` have to be stated, as a score alone does not show why a verdict came
out. `example_case` owns how the two become a submission, `example_forms` what keys, words and lists look like. Scores nothing but the base, which has to
be a submission that the rubric takes; must not know what comes of an example.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta
from fractions import Fraction
from typing import TYPE_CHECKING, Any, TypeAlias

import attrs

from scoring.change.example_case import Case, Shape
from scoring.change.example_forms import Forms
from scoring.engine.judge import HOLDS
from scoring.engine.rubric import Rubric
from scoring.engine.shape import ACTIONS, is_id
from scoring.engine.table import COMMON, OWN
from scoring.errors import RubricError, SubmissionError
from scoring.rubric.exact import NumberError, share
from scoring.rubric.reader import parse
from scoring.rubric.tree import Enough, Findings, Mapping, Node, Sequence

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from scoring.engine.parts import Item
    from scoring.engine.plan import Plan

__all__ = ["MAX_SHOWN", "NONE", "Example", "Value", "read_examples", "refusals"]

NONE = "none"  # how an example says that there is no verdict, or no score, yet
STATUSES = ("decided", "pending", "ended", "void")
STAGE_STATUSES = ("passed", "ended", "pending", "waiting", "not_evaluated")
STARTED_AT = "2026-11-21T09:05:00Z"  # where no fact says when the candidate started
# When the notice was shown, seconds after the start; `proven` is what examples are about unless they say otherwise.
NOTICES = {"proven": -300, "at_start": 0, "late": 1}
MISSING = "missing"
MAX_RATIO = 600  # characters of a score; from 640 digits on CPython may refuse to read an integer
MAX_SHOWN = 48  # characters of an answer in a message

Value: TypeAlias = str | Fraction | tuple[str, ...] | None

_REQUIRED = ("verdict", "action", "score", "determined_by")
_BY_ID = ("outcomes", "sections", "stages", "gaps")  # what is expected thing by thing
_EXPECT_KEYS = (*_REQUIRED, "status", "holds", "awaited", "reachable", *_BY_ID)
_CASE_KEYS = ("answers", "facts", "raters", "variant", "handed_in", "level")  # what a base and an example have alike
_CHANGES = ("without", "not_administered", "notice", "void", "reinstate")
_EXAMPLE_KEYS = ("id", "shows", "profile", *_CASE_KEYS, *_CHANGES, "expect")
_FACTS = ("raters", "variant")  # the facts that have a key of their own


@attrs.frozen
class Example:
    """One example as it was read: the submission it makes, and what it states about the decision, field by field."""

    id: str
    shows: str
    profile: str
    level: str | None
    submission: dict[str, Any]
    expected: dict[str, Value]
    node: Mapping = attrs.field(eq=False, repr=False)


def read_examples(rubric: Rubric, data: bytes, file: str) -> list[Example]:
    """
    Read a file of examples.

    Args:
        rubric: What the examples are about, loaded for any level: an example says its own.
        data: The bytes of the file.
        file: Its name, for messages.

    Raises:
        RubricError: It cannot be understood, or its base is refused; with every problem.
    """
    root, findings = parse(data, file)
    examples: list[Example] = []
    if root is not None:
        with suppress(Enough):
            examples = _Reading(rubric, findings).examples(root)
    if findings.failed:
        raise RubricError(findings.sorted())
    return examples


# ---------------------------------------------------------------------- what a rubric refuses


def refusals(
    plan: Plan, submission: dict[str, Any], error: SubmissionError, said: Node, otherwise: Node
) -> list[tuple[Node, str]]:
    """
    Say why a submission is refused, each reason at the place of the file that brought it about.

    Args:
        plan: Of the rubric that refused it.
        submission: What was refused.
        error: Why.
        said: The base or the example that the submission was made of.
        otherwise: The place for what stands in neither.
    """
    found = [
        (_node_at(said, problem.path), f"{problem}{_mended(plan, submission, problem.path)}")
        for problem in error.problems
    ]
    # What was made up around a wrong fact, such as the notice's time, is not worth a message beside that fact's own.
    placed = [(node, message) for node, message in found if node is not None]
    return placed or [(otherwise, message) for _, message in found]


def _node_at(node: Node, path: str) -> Node | None:
    """Where a submission's path leads in the base or in an example: only where that itself says something there."""
    names = path.split("/")[:2]
    if names[0] == "facts" and names[-1] in _FACTS and isinstance(node, Mapping) and node.get(names[-1]) is not None:
        return node.get(names[-1])
    for name in names:
        inner = node.get(name) if isinstance(node, Mapping) else None
        if inner is None:
            return None
        node = inner
    return node


def _mended(plan: Plan, submission: dict[str, Any], path: str) -> str:
    """How an answer of the wrong form has to be written, where that is plain."""
    within, _, item = path.partition("/")
    if within != "answers" or item not in plan.index:
        return ""
    answer, kind = submission["answers"][item], plan.items[plan.index[item]].data["kind"]
    if kind == "selection" and type(answer) is str:
        return f"; write [{answer[:MAX_SHOWN]}]"
    if kind not in ("selection", "choice") and type(answer) is list and len(answer) == 1 and type(answer[0]) is str:
        return f"; write {answer[0][:MAX_SHOWN]}, without brackets"
    return ""


# ---------------------------------------------------------------------- from the tree to examples


class _Reading(Forms):
    """Reads the tree of an examples file, with the rubric at hand, and reports everything that is wrong in it."""

    def __init__(self, rubric: Rubric, findings: Findings) -> None:
        super().__init__(findings)
        self.rubric = rubric
        self.plan = plan = rubric.plan
        self.shape = Shape.of(plan.pack)
        self.levels = [level["id"] for level in plan.pack["levels"]]
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
            "awaited": tuple(plan.index),
            "reachable": plan.verdicts,
        }
        # What an outcome, a section, a stage or a gap may be called, by the key of `expect` under which it stands.
        self.things: dict[str, tuple[str, Collection[str]]] = {
            "outcomes": ("an item of the rubric", plan.index),
            "gaps": ("an item of the rubric", plan.index),
            "stages": ("a stage of the rubric", [stage["id"] for stage in plan.pack["stages"]]),
            "sections": ("a section of the rubric", [section.id for section in plan.sections]),
        }

    def examples(self, root: Node) -> list[Example]:
        """Read the whole file."""
        top = self.keys(root, "the file", ("base", "examples"), ("base", "examples"))
        keys = self.keys(top.get("base"), "the base", _CASE_KEYS, ("answers",))
        base = self.case(keys)
        if not self.findings.failed:
            self.try_base(top["base"], base)
        entries = self.entries(top.get("examples"), "a list of examples")
        examples = [self.example(node, base) for node in entries]
        if "examples" in top and not examples:
            self.findings.report(top["examples"], "too-few", "there is no example")
        first: dict[str, Node] = {}
        for example in examples:
            earlier = first.setdefault(example.id, example.node)
            if earlier is not example.node and example.id:
                message = f'the id "{example.id}" stands twice; the first one is in line {earlier.line}'
                self.findings.report(example.node.get("id") or example.node, "id-twice", message)
        return examples

    def try_base(self, node: Node, base: Case) -> None:
        """Report once what would be refused in every example again."""
        case = attrs.evolve(base, facts=self.facts({}, base.facts))
        submission = case.submission(self.shape)
        try:
            rubric = Rubric(self.rubric.pack, level=base.level or self.levels[0]) if self.levels else self.rubric
            rubric.score(submission)
        except SubmissionError as error:
            for at, message in refusals(self.plan, submission, error, node, node):
                self.findings.report(at, "base-refused", f"the base is refused: {message}")

    def example(self, node: Node, base: Case) -> Example:
        """Read one example."""
        keys = self.keys(node, "an example", _EXAMPLE_KEYS, ("id", "shows", "expect"))
        own = self.case(keys)
        without = self.words_of(keys.get("without"), self.plan.index, "an item of the rubric")
        never = self.by_item(keys.get("not_administered"))
        for item in own.answers:
            if item in without or item in never:
                other = "without" if item in without else "not_administered"
                self.findings.report(keys[other], "two-sayings", f'"{item}" stands under `answers` too: leave one out')
        case = base.changed(own, self.shape, {*without, *never})
        submission = attrs.evolve(case, facts=self.facts(keys, base.facts)).submission(self.shape)
        if never:
            submission["not_administered"] = never
        for name in ("void", "reinstate"):
            if name in keys:
                submission[name] = self.plain(keys[name])
        if self.levels and case.level is None:
            message = f"the rubric has levels: say `level` here or in the base, one of {', '.join(self.levels)}"
            self.findings.report(node, "missing-key", message)
        return Example(
            self.id(keys.get("id")),
            self.text(keys.get("shows")) or "",
            self.word(keys.get("profile"), [profile["id"] for profile in self.plan.pack["profiles"]])
            or self.plan.pack["default_profile"],
            case.level,
            submission,
            self.expected(keys.get("expect")),
            node if isinstance(node, Mapping) else Mapping(node.line, node.column),
        )

    def case(self, keys: dict[str, Node]) -> Case:
        """What a base or an example says about the case."""
        facts = self.by_name(keys.get("facts"))
        for name in _FACTS:
            if name in keys and name in facts:
                self.findings.report(keys[name], "two-sayings", f"`facts` says it too: leave `{name}` out there")
        if "level" in keys and not self.levels:
            self.findings.report(keys["level"], "level-none", "the rubric has no levels: leave this key out")
        stages = self.things["stages"][1]
        if "handed_in" in keys and len(stages) == 1:
            message = "the rubric has one stage, which counts as handed in: leave this key out"
            self.findings.report(keys["handed_in"], "stage-one", message)
        return Case(
            self.by_item(keys.get("answers")),
            facts,
            self.by_name(keys["raters"]) if "raters" in keys else None,
            self.text(keys.get("variant")),
            self.words_of(keys["handed_in"], stages, "a stage of the rubric") if "handed_in" in keys else None,
            self.word(keys.get("level"), self.levels) if self.levels else None,
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
        for key, at in self.keys(node, "`expect`", _EXPECT_KEYS, _REQUIRED).items():
            if key in self.words:
                stated[key] = self.word(at, self.words[key])
            elif key in self.lists:
                stated[key] = self.words_of(at, self.lists[key])
            elif key == "score":
                stated[key] = self.score(at)
            else:
                stated.update(self.by_thing(key, at))
        return stated

    def by_thing(self, key: str, node: Node) -> Iterator[tuple[str, Value]]:
        """Read what is stated of items, sections or stages, one by one."""
        what, known = self.things[key]
        if not isinstance(node, Mapping):
            self.wrong_form(node, "keys with values")
            return
        for name, at in node:
            if self.word(name, known, what) not in known:
                continue
            place = f"{key}/{name.text}"
            if key == "outcomes":
                yield place, self.outcome(at, self.plan.items[self.plan.index[name.text]])
            elif key == "sections":
                yield place, self.score(at)
            elif key == "gaps":
                yield place, self.gap(at)
            else:
                # A status, or as in a decision [status, share].
                entries = at.entries if isinstance(at, Sequence) else [at]
                yield place, self.word(entries[0] if entries else at, STAGE_STATUSES)
                if len(entries) > 1:
                    yield f"stage shares/{name.text}", self.score(entries[1])

    def gap(self, node: Node) -> str | None:
        """Read how many values the observed one lies above the expected one."""
        text = self.text(node)
        if text is None or text == NONE:
            return None
        if not text.removeprefix("-").isdigit():
            self.findings.report(node, "number", f'expected a whole number of steps, or {NONE}; found "{text[:48]}"')
        return text

    def score(self, node: Node) -> Fraction | None:
        """Read a share, or that there is none."""
        text = self.text(node)
        if text is None or text == NONE:
            return None
        try:
            return _ratio(text) or share(text)
        except NumberError as error:
            self.findings.report(node, "number", f"{error} ({NONE} while something is awaited)")
            return None

    def outcome(self, node: Node | None, item: Item) -> str | None:
        """Read the name of an outcome of an item."""
        if item.id not in self.outcomes:
            own = (item.name(code) for code in range(OWN, len(item.words)))
            self.outcomes[item.id] = dict.fromkeys((*COMMON, *own))
        return self.word(node, self.outcomes[item.id], f'an outcome of "{item.id}"')

    def by_item(self, node: Node | None) -> dict[str, Any]:
        """Read a mapping whose keys are items; what stands under them is for the engine to judge."""
        values = self.by_name(node)
        if isinstance(node, Mapping):
            for key, _ in node:
                self.word(key, self.plan.index, "an item of the rubric")
        return {item: value for item, value in values.items() if item in self.plan.index}

    def id(self, node: Node | None) -> str:
        """Read an example's id."""
        text = self.text(node) or ""
        if node is not None and text and not is_id(text):
            self.findings.report(
                node, "id-form", f'"{text[:48]}" is no id: use letters A-Z a-z, digits, . _ - and no spaces'
            )
        return text


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
