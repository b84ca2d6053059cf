"""
Scoring in Google Cloud Functions and Cloud Run: over HTTP, through `functions-framework`.

Owns the shape of a request and of an answer there. Must not know how a submission is decided: `door` does. Imports nothing of Google or Flask.
"""

from __future__ import annotations

from scoring.edge.door import CONTENT_TYPE, Door

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from collections.abc import Callable
    from typing import Any

    from scoring.edge.door import Sink

__all__ = ["handler"]

_HEADERS = {"Cache-Control": "no-store", "Content-Type": CONTENT_TYPE}


def handler(
    *,
    pack: bytes | str | os.PathLike[str],
    profile: str | None = None,
    level: str | None = None,
    sink: Sink | None = None,
    id: Callable[[Any], str] | None = None,  # noqa: A002 - the word of FORMAT.md
    digest: str | None = None,
) -> Callable[[Any], tuple[bytes, int, dict[str, str]]]:
    """
    Make the function that `functions-framework` calls with a Flask request.

    The body is the submission: 200 with `action`, `holds`, `id`, `status`, `verdict`; 400 with `problems`; 409 for an id that stands for another
    submission; 503 where nothing could be recorded; 405 for anything but POST.

    Args:
        pack: The pack's bytes, or the path of its file.
        profile: Which weights; the pack's default where None.
        level: Which level's expectations, where the rubric has levels.
        sink: Where entries become durable before the answer leaves; without one there is no verdict.
        id: Gives the id of a submission that has none, from the request. It has to be the same when the same submission comes again. Where None, a
            submission without an id is refused.
        digest: The SHA-256 that the pack must have, in hexadecimal, as `scoring pack` tells it; any where None.

    Raises:
        RubricError: The pack is wrong, is another than *digest* says, or has no such profile or level.
        StoreError: The pack's file cannot be read. TypeError: *sink* has no `put`, or *pack* is neither bytes nor a path.
    """
    door = Door(pack, profile, level, sink, digest)

    def handle(request: Any) -> tuple[bytes, int, dict[str, str]]:
        if request.method != "POST":
            return b'{"error":"method"}', 405, _HEADERS | {"Allow": "POST"}
        status, body = door.answer(request.get_data(), None if id is None else lambda: id(request))
        return body, status, _HEADERS

    return handle
