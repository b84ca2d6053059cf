"""
A rubric, ready to score: the handle that hosts hold.

Owns nothing but the order of the road: read a submission, judge its outcomes, write the decision. Pure; may be shared by threads and forks.
"""

from __future__ import annotations

from scoring.engine.decision import Decision, decode_outcomes
from scoring.engine.judge import judge
from scoring.engine.plan import compile_plan
from scoring.engine.submission import Circumstances, read_submission

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["Rubric"]


class Rubric:
    """
    One version of a rubric with one of its weight profiles.

    Attributes:
        pack: The pack's bytes. digest: Their SHA-256, the rubric's identity; scoring_digest: that of what scoring depends on.
        plan: The pack prepared for scoring.
    """

    __slots__ = ("pack", "plan")

    def __init__(self, pack: bytes, profile: str | None = None, level: str | None = None) -> None:
        """
        Check and prepare a pack.

        Raises:
            RubricError: With every problem found in the pack, or no such profile or level.
        """
        self.pack = pack
        self.plan = compile_plan(pack, profile, level)

    @property
    def id(self) -> str:
        """The rubric's name, the same for all its versions."""
        name: str = self.plan.pack["rubric"]
        return name

    @property
    def version(self) -> str:
        """The version's name."""
        version: str = self.plan.pack["version"]
        return version

    @property
    def title(self) -> str:
        """The title for people, or the id where it has none."""
        title: str = self.plan.pack["about"].get("title", self.id)
        return title

    @property
    def notice(self) -> str | None:
        """What candidates are told beforehand."""
        notice: str | None = self.plan.pack["notice"]
        return notice

    @property
    def notice_digest(self) -> str | None:
        """The notice's SHA-256: what `facts.notice.sha256` of a submission has to be."""
        return self.plan.notice_digest

    @property
    def profile(self) -> str:
        """The weight profile that scores."""
        return self.plan.profile

    @property
    def level(self) -> str | None:
        """The level that scores, None where the rubric has none."""
        return self.plan.level

    @property
    def digest(self) -> str:
        """The pack's SHA-256 in hexadecimal."""
        return self.plan.digest

    @property
    def scoring_digest(self) -> str:
        """The SHA-256 of what scoring depends on: a wording fix leaves it alone."""
        return self.plan.scoring_digest

    def score(self, submission: dict[str, Any] | bytes) -> Decision:
        """
        Decide one submission. Pure: the same submission gives the same decision, to the byte, anywhere and at any time.

        Args:
            submission: The object of FORMAT.md 9, or JSON text that says it. `id` and `case` are not needed and not looked at.

        Raises:
            SubmissionError: With every problem; nothing was scored.
        """
        codes, circumstances = read_submission(self.plan, submission)
        return self._decide(codes, circumstances)

    def rejudge(self, decision: dict[str, Any]) -> Decision:
        """
        Recompute a decision from its outcomes alone, as the log holds them.

        Args:
            decision: The object of FORMAT.md 6. Only `outcomes`, `notice` and `irregularities` of it are read.

        Raises:
            LogError: Its outcomes do not fit this pack.
        """
        codes = decode_outcomes(self.plan, decision["outcomes"])
        notice = (
            None if self.notice is None else decision["notice"] is True
        )  # what the pack does not allow shows as a difference
        return self._decide(codes, Circumstances(notice, decision["irregularities"]))

    def _decide(self, codes: list[int], circumstances: Circumstances) -> Decision:
        return Decision.of(self.plan, judge(self.plan, codes, circumstances.notice), circumstances)

    def __repr__(self) -> str:
        return f"<Rubric {self.id} {self.version}, profile {self.profile}, {self.digest[:12]}>"
