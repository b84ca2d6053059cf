"""
Scoring in AWS Lambda: by direct invocation, over HTTP (a function URL, an API gateway), from an SQS queue.

Owns the shapes of AWS's events and of what AWS takes for an answer. Must not know how a submission is decided: `door` does. Imports nothing of AWS.
"""

from __future__ import annotations

import json
from binascii import a2b_base64

from scoring.edge.door import CONTENT_TYPE, Door, complain, refusal
from scoring.errors import Problem, ScoringError, StoreError, SubmissionError

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from collections.abc import Callable
    from typing import Any, TypeAlias

    from scoring.edge.door import Sink

    Namer: TypeAlias = Callable[[Any, Any], str]

__all__ = ["handler", "message_id"]

_HEADERS = {"cache-control": "no-store", "content-type": CONTENT_TYPE}


def handler(
    *,
    pack: bytes | str | os.PathLike[str],
    profile: str | None = None,
    level: str | None = None,
    sink: Sink | None = None,
    id: Namer | None = None,  # noqa: A002 - the word of FORMAT.md
    digest: str | None = None,
) -> Callable[[Any, Any], Any]:
    """
    Make the function that AWS calls.

    - Called directly, the event is the submission. It returns `action`, `holds`, `id`, `status`, `verdict`, and raises what keeps it from that, so that
      AWS tries an asynchronous event again and then passes it on as failed; the kind of error is the error's type.
    - Over HTTP the body is the submission: 200 with the same keys, 400 with `problems`, 409 for an id that stands for another submission, 503 where
      nothing could be recorded, 405 for anything but POST.
    - From a queue each message is a submission. What could not be recorded, or is wrong, is returned as ``batchItemFailures``; the event source mapping
      has to ask for them (``ReportBatchItemFailures``), or AWS deletes those messages. In a FIFO queue, what follows a failure in its group waits.

    Args:
        pack: The pack's bytes, or the path of its file.
        profile: Which weights; the pack's default where None.
        level: Which level's expectations, where the rubric has levels.
        sink: Where entries become durable before the answer leaves; without one there is no verdict.
        id: Gives the id of a submission that has none, from the event (of a queue, the message) and AWS's context: `message_id`, for one. It has to be
            the same when the same submission comes again. Where None, a submission without an id is refused.
        digest: The SHA-256 that the pack must have, in hexadecimal, as `scoring pack` tells it; any where None.

    Raises:
        RubricError: The pack is wrong, is another than *digest* says, or has no such profile or level.
        StoreError: The pack's file cannot be read. TypeError: *sink* has no `put`, or *pack* is neither bytes nor a path.
    """
    door = Door(pack, profile, level, sink, digest)

    def handle(event: Any, context: Any = None) -> Any:
        if type(event) is dict and "Records" in event:
            return _queue(door, event["Records"], context, id)
        name = None if id is None else lambda: id(event, context)
        if type(event) is dict and "requestContext" in event:
            return _http(door, event, name)
        return door.decide(_encoded(event), name)

    return handle


def message_id(event: Any, _context: Any = None) -> str:
    """Name a queue's message by its `messageId`: the same whenever AWS delivers it again, another when its sender sends it again."""
    found = event.get("messageId") if type(event) is dict else None
    if found is None:
        raise StoreError(
            "message_id names the messages of a queue, and this event is none: give id= a function that names such events too"
        )
    return str(found)


def _encoded(event: Any) -> bytes:
    """An event that AWS's runtime has parsed, as JSON again; what was no text or too deep is left to the strict reader, which refuses it."""
    try:
        return json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
    except RecursionError:
        raise SubmissionError([Problem("submission", "nested too deep")]) from None


def _http(door: Door, event: dict[str, Any], name: Callable[[], str] | None) -> dict[str, Any]:
    about = event["requestContext"]
    method = about.get("http", {}).get("method") or event.get("httpMethod", "POST")  # payload format 2.0, else 1.0
    if method != "POST":
        return _reply(405, b'{"error":"method"}') | {"headers": _HEADERS | {"allow": "POST"}}
    try:
        body = _body(event)
    except SubmissionError as error:
        return _reply(*refusal(error))
    return _reply(*door.answer(body, name))


def _body(event: dict[str, Any]) -> bytes:
    body = event.get("body")
    if type(body) is not str or not body:
        raise SubmissionError([Problem("body", "the request has no body; expected a submission as JSON")])
    if not event.get("isBase64Encoded"):
        return _text(body)
    try:
        return a2b_base64(b"".join(_text(body).split()), strict_mode=True)
    except ValueError:
        message = "the event says that its body is base64, which it is not; expected a submission as JSON, in base64"
        raise SubmissionError([Problem("body", message)]) from None


def _reply(status: int, body: bytes) -> dict[str, Any]:
    return {"statusCode": status, "headers": _HEADERS, "body": body.decode(), "isBase64Encoded": False}


def _text(body: Any) -> bytes:
    return body.encode("utf-8", "surrogatepass") if type(body) is str else b""


def _queue(door: Door, records: Any, context: Any, name: Namer | None) -> dict[str, Any]:
    """Decide each message of a batch, and tell which are to come again."""
    for record in records:
        source = record.get("eventSource", record.get("EventSource"))
        if source != "aws:sqs":
            raise SubmissionError([Problem("event", f"Records of {source}; expected messages of a queue, aws:sqs")])
    failed: list[dict[str, str]] = []
    stopped: set[str] = set()
    for record in records:
        group = _group(record)
        try:
            if group not in stopped:
                door.decide(_text(record.get("body")), None if name is None else lambda: name(record, context))  # noqa: B023 - called at once
                continue
        except ScoringError as error:
            complain(f"message {record['messageId']} was not decided: {'; '.join(str(error).splitlines())}")
            if group is not None:
                stopped.add(group)
        failed.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failed}


def _group(record: dict[str, Any]) -> str | None:
    """The group within which a FIFO queue keeps the order; None in any other queue."""
    if not record.get("eventSourceARN", "").endswith(".fifo"):
        return None
    group: str = record.get("attributes", {}).get("MessageGroupId", "")
    return group
