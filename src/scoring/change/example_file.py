"""
The file of examples: from `examples.yaml` to submissions and what is stated about them.

Owns the form of the file, which holds

- ``base``: one submission, `answers` and perhaps `facts`;
- ``examples``: a list of the cases, each the base changed by `answers`, `without`, `not_administered`, `facts`, `notice` and `profile`, with what it
  `shows` and what to `expect`.

`rules/README.md` has every key. `verdict`, `action`, `score` and `determined_by` have to be stated, as a score alone does not show why a verdict came
out. Scores nothing but the base, which has to be a submission that the rubric takes; must not know what comes of an example.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta
from fractions import Fraction
from typing import TYPE_CHECKING, Any, TypeAlias

import attrs

from scoring.engine.classify import COMMON, OWN
from scoring.engine.judge import HOLDS
from scoring.engine.shape import ACTIONS, is_id
from scoring.errors import RubricError, SubmissionError, did_you_mean
from scoring.rubric.exact import NumberError, share
from scoring.rubric.reader import parse
from scoring.rubric.tree import Enough, Findings, Hole, Mapping, Node, Scalar, Sequence

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from scoring.engine.plan import Item, Plan
    from scoring.engine.rubric import Rubric

__all__ = ["MAX_SHOWN", "NONE", "Example", "Value", "read_examples", "refusals"]

NONE = "none"  # how an example says that there is no verdict, or no score, yet
STATUSES = ("decided", "pending", "ended")
STARTED_AT = "2026-11-21T09:05:00Z"  # where no fact says when the candidate started
# When the notice was shown, seconds after the start; `proven` is what examples are about unless they say otherwise.
NOTICES = {"proven": -300, "at_start": 0, "late": 1}
MISSING = "missing"
MAX_RATIO = 600  # characters of a score; from 640 digits on CPython may refuse to read an integer
MAX_SHOWN = 48  # characters of an answer in a message

Value: TypeAlias = str | Fraction | tuple[str, ...] | None

_REQUIRED = ("verdict", "action", "score", "determined_by")
_EXPECT_KEYS = (*_REQUIRED, "status", "holds", "reachable", "outcomes")
_EXAMPLE_KEYS = ("id", "shows", "profile", "answers", "without", "not_administered", "facts", "notice", "expect")


@attrs.frozen
class Example:
    """One example as it was read: the submission it makes, and what it states about the decision, field by field."""

    id: str
    shows: str
    profile: str
    submission: dict[str, Any]
    expected: dict[str, Value]
    node: Mapping = attrs.field(eq=False, repr=False)


def read_examples(rubric: Rubric, data: bytes, file: str) -> list[Example]:
    """
    Read a file of examples.

    Args:
        rubric: What the examples are about.
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
    for name in path.split("/")[:2]:
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


class _Reading:
    """Reads the tree of an examples file, with the rubric at hand, and reports everything that is wrong in it."""

    def __init__(self, rubric: Rubric, findings: Findings) -> None:
        self.rubric = rubric
        self.plan = plan = rubric.plan
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
        if not self.findings.failed:
            self.try_base(top["base"], {"answers": answers, "facts": self.facts({}, facts)})
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

    def try_base(self, node: Node, submission: dict[str, Any]) -> None:
        """Report once what would be refused in every example again."""
        try:
            self.rubric.score(submission)
        except SubmissionError as error:
            for at, message in refusals(self.plan, submission, error, node, node):
                self.findings.report(at, "base-refused", f"the base is refused: {message}")

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
        for key, at in self.keys(node, "`expect`", _EXPECT_KEYS, _REQUIRED).items():
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
            self.findings.report(node, "number", f"{error} ({NONE} while something is awaited)")
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
