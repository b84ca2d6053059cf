"""
The narrow door for functions: a pack's bytes in, a scorer out; a submission's bytes in, the decision and the entry's bytes out.

Importing this imports the engine, canonical JSON and entries, and nothing else: no attrs, no cattrs, no structlog, no YAML, no typing. It has no logic of its
own, so that what a function decides is what the library decides.
"""

from __future__ import annotations

from scoring.audit.entry import entry_line
from scoring.engine.rubric import Rubric
from scoring.engine.submission import parse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from scoring.engine.decision import Decision

__all__ = ["Scorer"]

_HOW: dict[type, str] = {
    str: ": encode it",
    dict: ": json.dumps(...).encode() makes them",
}


class Scorer:
    """
    A rubric that is ready to score, loaded once and kept while the function is warm. May be shared by threads.

    Attributes:
        rubric: The same handle that `scoring.load` gives.
    """

    __slots__ = ("rubric",)

    def __init__(self, pack: bytes, profile: str | None = None, level: str | None = None) -> None:
        """
        Check and prepare a pack.

        Args:
            pack: What `scoring pack` wrote: canonical JSON, at most 4 MiB.
            profile: Which weights; the pack's default where None.
            level: Which level's expectations; needed where the rubric has levels, and refused where it has none.

        Raises:
            RubricError: With every problem found in the pack, or no such profile or level.
        """
        self.rubric = Rubric(pack, profile, level)

    def score(self, submission: bytes) -> tuple[Decision, bytes]:
        """
        Decide one submission, and write the entry that `scoring append` gives its place in a log.

        Args:
            submission: JSON, at most 1 MiB, with `id` and `case`: FORMAT.md 9.

        Returns:
            The decision, and the entry: one line of canonical JSON without its line end. The entry holds the submission, and so personal data.

        Raises:
            SubmissionError: With every problem, none of which repeats an answer; nothing was scored.
            TypeError: It is not bytes.
        """
        if not isinstance(submission, (bytes, bytearray)):
            message = f"submission: expected bytes, the JSON text in UTF-8, got {type(submission).__name__}{_HOW.get(type(submission), '')}"
            raise TypeError(message)
        return self.score_parsed(parse(submission))

    def score_parsed(self, submission: Any) -> tuple[Decision, bytes]:
        """Do what `score` does, for what `parse` made of a submission's bytes."""
        decision = self.rubric.score(submission)
        return decision, entry_line(submission, decision.data)
