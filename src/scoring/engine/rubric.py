"""
A rubric, ready to score: the handle that hosts hold.

Owns nothing but the order of the road: read a submission, judge its outcomes, write the decision. Pure; may be shared by threads and forks.
"""

from __future__ import annotations

from scoring.engine.circumstances import Circumstances
from scoring.engine.decision import Decision, decode_outcomes
from scoring.engine.plan import compile_plan
from scoring.engine.submission import check_later, parse, read_submission
from scoring.engine.table import EXCLUDED
from scoring.errors import LogError

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
    def levels(self) -> tuple[str, ...]:
        """The levels that the rubric can be loaded for, lowest first."""
        return tuple(level["id"] for level in self.plan.pack["levels"])

    @property
    def variants(self) -> tuple[str, ...]:
        """The variants, of which every submission names one."""
        return tuple(variant["id"] for variant in self.plan.pack["variants"])

    @property
    def stages(self) -> tuple[str, ...]:
        """The stages, in their order."""
        return tuple(self.plan.stage_index)

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
        document = parse(submission) if isinstance(submission, bytes) else submission
        road = self.plan.plain
        short = None if road is None else road.judge(document)
        if road is not None and short is not None:
            verdict, action, found, proven = short
            if verdict is not None:
                return Decision(road, verdict, action, found, proven)
            return Decision.of(self.plan, *road.outcomes(found, proven))
        codes, around = read_submission(self.plan, document)
        decision = Decision.of(self.plan, codes, around)
        check_later(self.plan, document, decision.standing.stages)
        return decision

    def rejudge(self, decision: dict[str, Any]) -> Decision:
        """
        Recompute a decision from its outcomes alone, as the log holds them.

        Args:
            decision: The object of FORMAT.md 6. Only `outcomes`, `notice`, `irregularities`, `variant`, `handed_in`, `reinstate` and `void` of it are read.

        Raises:
            LogError: Its outcomes do not fit this pack, or it names a variant or stage that the pack does not have.
        """
        plan = self.plan
        codes = decode_outcomes(plan, decision["outcomes"])
        if decision["variant"] not in plan.frames:
            raise LogError("variant: the pack has no such variant")
        reinstate = decision["reinstate"]
        if reinstate is not None and reinstate["stage"] not in plan.stage_index:
            raise LogError("reinstate: the pack has no such stage")
        for place in plan.frames[decision["variant"]].outside:
            codes[place] = EXCLUDED
        # What the pack does not allow shows as a difference.
        handed_in = [stage for stage in plan.stage_index if stage in decision["handed_in"] or len(plan.stages) == 1]
        around = Circumstances(
            None if self.notice is None else decision["notice"] is True,
            decision["irregularities"],
            variant=decision["variant"],
            handed_in=handed_in,
            reinstate=reinstate,
            void=decision["void"],
        )
        return Decision.of(plan, codes, around)

    def __repr__(self) -> str:
        return f"<Rubric {self.id} {self.version}, profile {self.profile}, {self.digest[:12]}>"
