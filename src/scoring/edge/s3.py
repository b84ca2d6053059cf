"""
A bucket as an inbox: one object for each entry, created once and never changed. A sink for functions, and what `scoring append` reads.

Owns the one condition that it needs of a store (create if absent), and how a store that ignores it is found out. Must not know what an entry says.
boto3 (extra `aws`) is imported when an inbox is made. See ADR 0019.
"""

from __future__ import annotations

from contextlib import contextmanager

from scoring.errors import MissingExtraError, StoreError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

__all__ = ["SCHEME", "S3Inbox"]

SCHEME = "s3://"
SUFFIX = ".json"  # of an entry's object
MAX_ENTRY = 2 * 1024 * 1024  # bytes: a submission of 1 MiB, and the decision
_PROBE = "create-if-absent"  # the object that shows what the store does; no entry's, which end in .json
_ATTEMPTS = 5  # where the store answers that another write to the same name is on its way


class S3Inbox:
    """
    A bucket, or a part of one, in S3 or a store that speaks as S3 does. May be shared by threads, processes and machines.

    Args:
        url: ``s3://BUCKET`` or ``s3://BUCKET/PREFIX``.
        client: A boto3 client for S3; by default one that boto3 makes from the environment.
        read_only: Neither write nor look whether the store honours create-if-absent: for reading entries.

    Raises:
        StoreError: The address is none; the bucket cannot be written; or the store does not honour create-if-absent, and would let a second decision
            replace the first.
        MissingExtraError: boto3 is not installed.
    """

    __slots__ = ("_bucket", "_client", "_prefix", "_read_only", "url")

    def __init__(self, url: str, *, client: Any = None, read_only: bool = False) -> None:
        bucket, _, prefix = url.removeprefix(SCHEME).partition("/")
        if not url.startswith(SCHEME) or not bucket:
            raise StoreError(f"{url} is no inbox in S3; expected {SCHEME}BUCKET/PREFIX")
        self.url = url.rstrip("/")
        self._bucket = bucket
        self._prefix = prefix.rstrip("/") + "/" if prefix.rstrip("/") else ""
        self._client = _client() if client is None else client
        self._read_only = read_only
        if not read_only:
            self._probe()

    def put(self, id: str, entry: bytes) -> bytes:  # noqa: A002 - the word of FORMAT.md
        """
        Keep an entry unless its id has one.

        Args:
            id: Of the submission: letters, digits, `.`, `_`, `-`.
            entry: What `Scorer.score` wrote.

        Returns:
            The entry that the store keeps.

        Raises:
            StoreError: The store did not answer so; whether it is kept is unknown, and putting it again is safe.
        """
        if self._read_only:
            raise StoreError(f"the inbox {self.url} was opened for reading alone")
        return entry if self._create(id + SUFFIX, entry) else self._read(self._prefix + id + SUFFIX)

    def entries(self) -> Iterator[tuple[str, bytes]]:
        """
        Read all entries, each with its object's address, in the order in which they came by the store's clock, which counts in seconds.

        Raises:
            StoreError: The bucket, or an object in it, cannot be read.
        """
        found: list[tuple[Any, str]] = []
        more: dict[str, str] = {}
        while True:
            with _asking(self.url, "list_objects_v2"):
                page = self._client.list_objects_v2(Bucket=self._bucket, Prefix=self._prefix, **more)
            found += [(it["LastModified"], it["Key"]) for it in page.get("Contents", ()) if self._is_entry(it["Key"])]
            if not page.get("IsTruncated"):
                break
            more = {"ContinuationToken": page["NextContinuationToken"]}
        for _, key in sorted(found):
            yield f"{SCHEME}{self._bucket}/{key}", self._read(key)

    def _is_entry(self, key: str) -> bool:
        return key.endswith(SUFFIX) and "/" not in key[len(self._prefix) :]

    def _probe(self) -> None:
        """Create one object twice: the second time has to fail. Where it fails the first time, an earlier start created it."""
        if self._create(_PROBE, b"") and self._create(_PROBE, b""):
            raise StoreError(
                f"the store of {self.url} replaces an object that it was told to create only if absent (If-None-Match: *), so a retried event could get "
                "a second decision; use a store that honours it"
            )

    def _create(self, name: str, content: bytes) -> bool:
        """Create an object; False where there is one of this name."""
        for attempt in range(_ATTEMPTS):
            try:
                with _asking(self.url, "put_object"):
                    self._client.put_object(Bucket=self._bucket, Key=self._prefix + name, Body=content, IfNoneMatch="*")
            except StoreError as error:
                code = _status(error)
                if code == 412:
                    return False
                if code != 409 or attempt == _ATTEMPTS - 1:
                    raise
            else:
                return True
        raise AssertionError("every attempt above returns or raises")

    def _read(self, key: str) -> bytes:
        with _asking(self.url, "get_object"):
            content: bytes = self._client.get_object(Bucket=self._bucket, Key=key)["Body"].read(MAX_ENTRY + 1)
        return content


@contextmanager
def _asking(url: str, operation: str) -> Iterator[None]:
    """Turn what boto3 raises into our error, which says what the store said and nothing of what was sent."""
    from botocore.exceptions import BotoCoreError, ClientError  # type: ignore[import-untyped]

    try:
        yield
    except ClientError as error:
        said = error.response.get("Error", {}).get("Code", "an error")
        raise StoreError(f"the store of {url} answers {said} to {operation}") from error
    except BotoCoreError as error:
        raise StoreError(f"the store of {url} cannot be asked: {type(error).__name__}") from error


def _status(error: StoreError) -> int:
    """The HTTP status that the store gave; 0 where it gave none."""
    response = getattr(error.__cause__, "response", {})
    status: int = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return status


def _client() -> Any:
    try:
        import boto3  # type: ignore[import-untyped]
    except ImportError:
        raise MissingExtraError("an inbox in S3", "aws") from None
    with _asking("S3", "make a client"):
        return boto3.client("s3")
