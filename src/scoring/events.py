"""
What operations can listen to: a short list of events on the logger ``scoring``.

Owns the list and the promise that an event carries numbers, digests and codes, never a case, an answer, a verdict, or a key that the sender chose. Quiet
until somebody listens: where nobody has imported `logging`, or the logger is not enabled for INFO, an event costs one look-up, and structlog is not
imported. Never calls ``structlog.configure``: how lines look is the host's business, and a listener that fails never turns a recorded decision into an
error. The engine does not emit; it is pure.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["EVENTS", "emit"]

# event: what it carries
EVENTS = {
    "loaded": ("rubric", "version", "pack", "profile", "level"),
    "recorded": ("first", "last", "pack", "elapsed_us"),
    "refused": ("problems",),
    "opened": ("seq", "pack"),
    "resolved": ("seq",),
    "erased": ("seq",),
    "swept": ("disclosures",),
    "head_signed": ("size", "signatures"),
    "head_failed": ("reason",),
    "recovered": ("seq", "cut", "length"),
    "log_failed": ("reason",),
}

_plain: Any = None
_logger: Any = None


def emit(event: str, **fields: object) -> None:
    """
    Tell whoever listens that *event* happened.

    Args:
        event: A key of `EVENTS`.
        fields: The values that `EVENTS` lists for it; numbers, digests and codes, never what a sender wrote.
    """
    global _plain  # noqa: PLW0603 - made on the first event; a signal handler that raises while it is looked for would leave a lock of `logging` taken
    logging = sys.modules.get("logging")
    if logging is None:
        return
    try:
        if _plain is None:
            _plain = logging.getLogger("scoring")
        logger = _plain
        if logger.isEnabledFor(logging.INFO) and logger.hasHandlers():
            _bound(logger).info(event, **fields)
    except Exception:  # noqa: BLE001, S110 - what is recorded stays recorded, whatever a listener does
        pass


def _bound(logger: Any) -> Any:
    """Wrap the standard library's logger, once, so that events are key=value and the host's handlers decide where they go."""
    global _logger  # noqa: PLW0603 - made on the first event that somebody hears
    if _logger is None:
        import structlog

        _logger = structlog.wrap_logger(
            logger,
            processors=[
                structlog.stdlib.filter_by_level,
                structlog.processors.KeyValueRenderer(key_order=["event"], sort_keys=True),
            ],
            wrapper_class=structlog.stdlib.BoundLogger,
        )
    return _logger
