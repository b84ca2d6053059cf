"""
What counts for a decision beside the outcomes.

Must not know where it was said: in a submission, or in a recorded decision.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Circumstances"]


class Circumstances:
    """
    What counts beside the outcomes.

    Attributes:
        notice: Whether proof of notice is there; None where the rubric has no notice.
        irregularities: Codes, sorted, each once.
        variant: The variant that the candidate takes, or None.
        handed_in: The stages that the candidate has finished, in the pack's order.
        reinstate: ``{"reason": ..., "stage": ...}`` of the reinstatement in force, or None.
        void: The reason of the void in force, or None.
    """

    __slots__ = ("handed_in", "irregularities", "notice", "reinstate", "variant", "void")

    def __init__(
        self,
        notice: bool | None = None,
        irregularities: Sequence[str] = (),
        *,
        variant: str | None = None,
        handed_in: Sequence[str] = (),
        reinstate: dict[str, str] | None = None,
        void: str | None = None,
    ) -> None:
        self.notice = notice
        self.irregularities = list(irregularities)
        self.variant = variant
        self.handed_in = list(handed_in)
        self.reinstate = reinstate
        self.void = void
