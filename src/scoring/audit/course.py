"""
What the records of one case, read in their order, add up to: what was opened, what was decided last, which of a person's words are in force.

Owns the rules of `audit/FORMAT.md`, section 4, that only the order of a case's records shows: the writer asks before it writes, `verify` asks
afterwards. Must not know of files, the names of cases, or how an answer is scored.
"""

from __future__ import annotations

from scoring import canonical
from scoring.errors import Problem, SubmissionError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeAlias

    from scoring.audit.packs import Names

    Body: TypeAlias = dict[str, Any]
    Placed: TypeAlias = tuple[int, Body]  # a record's seq, and its body or that of its decision
    Lookup: TypeAlias = Callable[[str], Names | None]  # by a pack's digest; None where the pack cannot be read

__all__ = ["WORDS", "Course", "amends", "case_of", "merged"]

WORDS = ("opening", "resolution", "erasure")  # the types of what people say of a case
_EVALUATED = ("passed", "ended", "pending")


def case_of(record: dict[str, Any]) -> str | None:
    """The digest of the case that a record is of, if it is of one."""
    body = record["body"]
    digest: str | None = body["case"] if record["type"] == "erasure" else body.get("disclosures", {}).get("case")
    return digest


class Course:
    """
    One case so far. Records are taken in in their order; of the decisions the newest is enough.

    Attributes:
        opening: The opening, or None.
        newest: The newest decision, FORMAT.md 6, or None.
        live: The resolutions by seq that are neither withdrawn nor withdraw one, oldest first.
        words: The seq of every opening, resolution and erasure.
        erased: The seq of its erasure, or None.
        since: The first of the newest decisions that are one and the same object; -1 while there is none.
    """

    __slots__ = ("_whole", "erased", "live", "newest", "opening", "since", "words")

    def __init__(self) -> None:
        self.opening: Placed | None = None
        self.newest: Placed | None = None
        self.live: dict[int, Body] = {}
        self.words: tuple[int, ...] = ()
        self.erased: int | None = None
        self.since = -1
        self._whole: Any = None

    def take(self, seq: int, kind: str, body: Body, whole: Any = None) -> None:
        """Take in the case's next record; *whole* tells a decision from another where the body holds only a part of it."""
        if kind == "decision":
            self.newest = (seq, body["decision"])
            whole = body["decision"] if whole is None else whole
            if whole != self._whole:
                self.since, self._whole = seq, whole
            return
        self.words += (seq,)
        if kind == "opening":
            self.opening = self.opening or (seq, body)
        elif kind == "erasure":
            self.erased = seq if self.erased is None else self.erased
        elif body["action"] == "withdraw":
            self.live.pop(body["withdraws"], None)
        else:
            self.live[seq] = body

    @property
    def void(self) -> str | None:
        """The reason of the `void` in force."""
        last = self._last("void")
        return last["reason"] if last else None

    @property
    def reinstate(self) -> dict[str, str] | None:
        """The `reinstate` in force, as a decision carries it."""
        last = self._last("reinstate")
        return {"reason": last["reason"], "stage": last["stage"]} if last else None

    @property
    def word(self) -> Placed | None:
        """The `confirm` or `override` that counts: the newest of the two kinds, if nothing else was decided since the decision that it is about."""
        for seq, body in reversed(self.live.items()):
            if body["action"] in {"confirm", "override"}:
                return (seq, body) if self.newest and body["decision"] >= self.since else None
        return None

    def _last(self, action: str) -> Body | None:
        return next((body for body in reversed(self.live.values()) if body["action"] == action), None)

    @property
    def is_stale(self) -> bool:
        """Whether the newest decision was made before the `void` or `reinstate` in force, or with one that is withdrawn: the case is to be scored again."""
        if self.newest is None:
            return False
        decision = self.newest[1]
        return (decision["void"], decision["reinstate"]) != (self.void, self.reinstate)

    def misfit(self, kind: str, body: Body, names: Lookup) -> tuple[str, str]:
        """
        Say the first way in which a record may not stand behind those taken in.

        Args:
            kind: Of the record.
            body: Of the record, which fits its table.
            names: What packs call things; a rule that needs a pack that cannot be read is not checked.

        Returns:
            ``openings``, ``resolutions`` or ``erasures``, whichever rules it breaks, and how; two empty strings where it breaks none. Codes and ids are named,
            nothing else.

        Source: FORMAT.md 4.
        """
        if self.erased is not None:
            return "erasures", f"this case was erased by record #{self.erased}, and no record carries its digest again"
        if kind == "erasure":
            return ("", "") if self.newest or self.words else ("erasures", "no record before it is of this case")
        if kind == "opening":
            return self._opening_misfit()
        if kind == "decision":
            return self._decision_misfit(body["decision"], names)
        wrong = self._resolution_misfit(body, names)
        return ("resolutions", wrong) if wrong else ("", "")

    def _opening_misfit(self) -> tuple[str, str]:
        if self.opening is not None:
            return "openings", f"this case was opened already, by record #{self.opening[0]}"
        if self.newest is not None:
            return (
                "openings",
                f"this case has a decision already, record #{self.newest[0]}: an opening comes before the first",
            )
        return "", ""

    def _decision_misfit(self, decision: Body, names: Lookup) -> tuple[str, str]:
        if self.opening is not None:
            seq, opened = self.opening
            for key in ("profile", "level"):
                if decision[key] != opened[key]:
                    said = (
                        f"{key} is {decision[key] or 'none'}, and {opened[key] or 'none'} was opened by record #{seq}"
                    )
                    return "openings", said
            wanted = opened["pack"] if self.newest is None else self.newest[1]["pack"]
            if decision["pack"] != wanted and not self._amends(wanted, decision["pack"], names):
                said = f"it was made by the pack {decision['pack']}, which does not replace {wanted}: the case was opened by record #{seq}"
                return "openings", said
        for key, holds in (("void", self.void), ("reinstate", self.reinstate)):
            if decision[key] != holds:
                return "resolutions", f"its {key} is not the one in force, which is {_shown(holds)}"
        return "", ""

    def _amends(self, old: str, new: str, names: Lookup) -> bool:
        """Whether a decision by *new* may follow one of this case by *old*: as an amendment, or nobody can tell."""
        before, after = names(old), names(new)
        return self.newest is not None and (before is None or after is None or amends(before, after))

    def _resolution_misfit(self, body: Body, names: Lookup) -> str:
        if self.newest is None:
            return "this case has no decision yet"
        seq, decision = self.newest
        if body["decision"] != seq:
            return f"it is about record #{body['decision']}, and the case's newest decision is record #{seq}"
        rule = _RULES.get(body["action"])
        if rule is not None:
            return rule(body, seq, decision, names(decision["pack"]))
        if body["action"] == "withdraw" and body["withdraws"] not in self.live:
            return f"record #{body['withdraws']} is no resolution of this case that could be withdrawn: {self._withdrawable()}"
        return ""

    def _withdrawable(self) -> str:
        named = [f"#{seq} ({body['action']})" for seq, body in [*self.live.items()][-20:]]
        return f"in force are {', '.join(named)}" if named else "none is in force"


def amends(before: Names, after: Names) -> bool:
    """Whether a pack is the version of its rubric that replaces another pack. Source: FORMAT.md 4."""
    return (after.rubric, after.replaces) == (before.rubric, before.version)


def _confirm(_: Body, seq: int, decision: Body, names: Names | None) -> str:
    verdict = decision["verdict"]
    if verdict is None:
        return f"record #{seq} is {decision['status']} and has no verdict to confirm"
    if names is not None and names.verdicts.get(verdict) == "review":
        deciding = [name for name, action in names.verdicts.items() if action != "review"]
        said = f"record #{seq} has the verdict {verdict}, whose own action is review, so that confirming it decides nothing"
        return f"{said}: override it to a verdict that decides, {' or '.join(deciding)}"
    return ""


def _override(body: Body, seq: int, decision: Body, names: Names | None) -> str:
    if decision["status"] == "pending":
        return f"record #{seq} is pending: only what is no longer pending can be overridden"
    if names is not None and body["verdict"] not in names.verdicts:
        return f"its rubric has no such verdict as {body['verdict']}: it has {', '.join(names.verdicts)}"
    return ""


def _reinstate(body: Body, seq: int, decision: Body, names: Names | None) -> str:
    if decision["status"] != "ended":
        return f"record #{seq} is {decision['status']}: only a case that a knock-out or a gate ended can be reinstated"
    if names is None:
        return ""
    stages = [stage for stage in names.stages if decision["stages"].get(stage, [""])[0] in _EVALUATED]
    ended = next((place for place, stage in enumerate(stages) if decision["stages"][stage][0] == "ended"), 0)
    if body["stage"] not in stages[ended:]:
        return f"the case did not end at the stage {body['stage']}, nor before it: give {' or '.join(stages[ended:])}"
    return ""


_RULES: dict[str, Callable[[Body, int, Body, Names | None], str]] = {
    "confirm": _confirm,
    "override": _override,
    "reinstate": _reinstate,
}


def _shown(value: Any) -> str:
    return "none" if value is None else canonical.dumps(value).decode()


def merged(
    submission: dict[str, Any],
    opened: tuple[int, dict[str, Any]] | None,
    void: str | None,
    reinstate: dict[str, str] | None,
) -> dict[str, Any]:
    """
    Return what is scored: a submission with the facts of its case's opening, and the `void` and `reinstate` in force.

    Args:
        submission: Without id and case; what it leaves out is filled in.
        opened: The opening's record, and the facts that it fixes.
        void: In force.
        reinstate: In force.

    Raises:
        SubmissionError: It says something else than is fixed or in force. Names are told, values are not.

    Source: FORMAT.md 8.
    """
    problems = []
    whole = dict(submission)
    for name, value in (("void", void), ("reinstate", reinstate)):
        if name in whole and not _same(whole[name], value):
            message = f"is not the {name} in force for this case, which is {_shown(value)}: leave it out, a resolution puts it there"
            problems.append(Problem("submission-resolution", message, path=name))
        elif value is not None:
            whole[name] = value
    if opened is not None and opened[1]:
        seq, fixed = opened
        facts = whole.get("facts", {})
        if type(facts) is not dict:
            problems.append(Problem("submission", "expected an object", path="facts"))
            facts = {}
        message = f"contradicts what record #{seq}, the opening of this case, fixed: leave it out, or send the same"
        problems += [
            Problem("submission-opening", message, path=f"facts/{name}")
            for name, value in fixed.items()
            if name in facts and not _same(facts[name], value)
        ]
        whole["facts"] = {**facts, **fixed}
    if problems:
        raise SubmissionError(problems)
    return whole


def _same(one: Any, other: Any) -> bool:
    try:
        return canonical.dumps(one) == canonical.dumps(other)
    except canonical.CanonicalError:
        return False
