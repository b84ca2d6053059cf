"""
What a later submission of a case takes back of the one that was scored before it: answers, forms, raters, irregularities, stages.

A submission holds everything that its case has handed in so far (`audit/FORMAT.md`, section 9), so that what is missing or says otherwise was altered by
whoever sent it. That is not refused, for there are good reasons; but people should know of it. Names items, stages and codes, never an answer or a person.
Pure. Must not know of files, or how an answer is scored.
"""

from __future__ import annotations

from scoring import canonical

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeAlias

    Items: TypeAlias = dict[str, tuple[str, bool]]  # by id: the stage, and whether people rate it
    Scored: TypeAlias = tuple[dict[str, Any], dict[str, Any], Items]  # a submission, its decision, its pack's items

__all__ = ["KINDS", "items_in", "taken_back"]

KINDS = {  # what can be taken back, and how it is told
    "answers": "answers to",
    "forms": "forms on",
    "raters": "places on the panel:",
    "irregularities": "irregularities",
    "stages": "handed-in stages",
}
_RATED = {"rating", "checklist"}


def items_in(pack: bytes) -> tuple[str, Items]:
    """Return a pack's rubric and its items; two that are empty where it is no pack, as far as these go."""
    try:
        document: Any = canonical.loads_canonical(pack)
        items = {
            item["id"]: (stage["id"], item["kind"] in _RATED)
            for stage in document["stages"]
            for section in stage["sections"]
            for item in section["items"]
        }
        return str(document["rubric"]), items
    except (canonical.CanonicalError, KeyError, TypeError):
        return "", {}


def taken_back(before: Scored, after: Scored) -> dict[str, list[str]]:
    """
    Say what a submission takes back of the one before it.

    Left out: what comes to an item that was blank, a rater's form that is added, an item that the later pack does not have, and the answers in stages behind
    the one that ended the case, which have to go (FORMAT.md 9).

    Args:
        before: What the superseded decision scored, that decision, and the items of its pack.
        after: The same of the decision that supersedes it.

    Returns:
        By the keys of `KINDS`, those there are: ids of items, codes and ids of stages; of raters how many.
    """
    earlier, later = _Sent(before), _Sent(after)
    found = {
        "answers": [item for item in earlier.answers if earlier.binds(item, later) and later.alters(earlier, item)],
        "forms": [item for item in earlier.answers if earlier.counts(item, later) and later.lacks_forms(earlier, item)],
        "raters": [str(gone)] if (gone := len(earlier.raters - later.raters)) else [],
        "irregularities": sorted(earlier.irregularities - later.irregularities),
        "stages": [stage for stage in earlier.handed_in if stage not in later.handed_in],
    }
    return {kind: what for kind, what in found.items() if what}


class _Sent:
    """A submission that was scored, as far as it can be compared; what has another form counts as not there."""

    def __init__(self, scored: Scored) -> None:
        submission, decision, self.items = scored
        facts = _object(submission.get("facts"))
        self.answers = _object(submission.get("answers"))
        self.raters = {(who, role) for who, role in _object(facts.get("raters")).items() if type(role) is str}
        listed = facts.get("irregularities")
        self.irregularities = {code for code in listed if type(code) is str} if type(listed) is list else set()
        self.handed_in: list[str] = decision["handed_in"]
        ended = decision["status"] == "ended"
        self.behind = {stage for stage, (word, _) in decision["stages"].items() if ended and word == "not_evaluated"}

    def counts(self, item: str, later: _Sent) -> bool:
        """Whether what was sent to an item is to be there later."""
        return item in self.items and item in later.items and later.items[item][0] not in later.behind

    def binds(self, item: str, later: _Sent) -> bool:
        """Whether an answer is to be the same later: its stage was handed in, and it was none that leaves the item to be answered."""
        return self.counts(item, later) and self.items[item][0] in self.handed_in and not _is_blank(self.answers[item])

    def alters(self, earlier: _Sent, item: str) -> bool:
        """Whether this submission has another answer, or none; of what people rate, another form of the same rater."""
        was, now = earlier.answers[item], self.answers.get(item)
        if earlier.items[item][1] and type(was) is type(now) is dict:
            return any(rater in now and now[rater] != form for rater, form in was.items())
        return bool(was != now) and not (earlier.items[item][1] and type(was) is dict)

    def lacks_forms(self, earlier: _Sent, item: str) -> bool:
        """Whether a form of somebody who rated is gone."""
        was = earlier.answers[item]
        return (
            earlier.items[item][1] and type(was) is dict and bool(was.keys() - _object(self.answers.get(item)).keys())
        )


def _object(value: Any) -> dict[str, Any]:
    return value if type(value) is dict else {}


def _is_blank(answer: Any) -> bool:
    return answer is None or answer in ([], {}) or (type(answer) is str and not answer.strip())
