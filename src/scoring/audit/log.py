"""
The handle that hosts hold: open, close, verify, replay, make heads; what else it does lies in the parts that it is put together from.

`reading` finds and reads, `deciding` scores and records, `speaking` records what people say, `keeping` keeps and forgets. Must not know in which order
things are written (`intake`), nor how records hang together (`journal`).
"""

# ruff: noqa: PTH100, PTH118 - pathlib alone would cost a cold start more than this package does
from __future__ import annotations

import os
import time

from scoring import canonical
from scoring.audit import fields
from scoring.audit.deciding import Deciding
from scoring.audit.forget import Forgetting
from scoring.audit.group import Group
from scoring.audit.intake import Intake
from scoring.audit.journal import Journal
from scoring.audit.keeping import Keeping
from scoring.audit.mounts import refusal
from scoring.audit.packs import Packs
from scoring.audit.pairing import Seen, older_log, older_vault
from scoring.audit.place import is_new, make_directory
from scoring.audit.speaking import Speaking
from scoring.audit.vault import ForeignVaultError, must_be_free, open_vault
from scoring.errors import LogError, StoreError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any, Literal, Self

    from scoring.audit.checkpoint import Head
    from scoring.audit.keys import Signer
    from scoring.audit.replay import ReplayReport
    from scoring.audit.report import Report
    from scoring.audit.vault import Vault

__all__ = ["AuditLog"]

VAULT = ".vault"  # what the vault's name adds to the log's


class AuditLog(Deciding, Speaking, Keeping):
    """
    An append-only, hash-chained log. Made by `open`; threads may share it, and both sides of a fork: each goes on by itself, whoever closes first.

    A fork waits until no thread is using the vault or the index, which takes milliseconds; after five seconds it waits no longer, and the child
    cannot use the vault.

    >>> with AuditLog.open("decisions", create=True) as log:  # doctest: +SKIP
    ...     done = log.decide(rubric, submission)
    """

    @classmethod
    def open(
        cls,
        path: str | os.PathLike[str],
        *,
        create: bool = False,
        origin: str | None = None,
        vault: str | os.PathLike[str] | Literal[False] | None = None,
        new_vault: bool = False,
        per_answer: bool = False,
        signer: Signer | Sequence[Signer] | None = None,
        trusted: str | bytes | None = None,
        group: bool = False,
        clock: Callable[[], str] | None = None,
        entropy: Callable[[int], bytes] | None = None,
    ) -> AuditLog:
        """
        Open a log; it is never made unless *create* says so.

        Args:
            path: The directory.
            create: Make the log, and its vault, where they are missing. A log that has records of cases gets no new vault of itself: its cases would begin
                anew in silence.
            origin: What a new log is called: 1 to 200 printable ASCII characters without space. An existing log must be called so.
            vault: The vault's file, by default *path* with ``.vault`` behind it; False for none: then submissions are not kept,
                and nothing that needs them can be done.
            new_vault: Begin a vault where it is missing, although the log has records of cases: no later record is linked with them. Where the vault, or the
                log, is an older copy than the other was used with, go on with both as they are: see `out_of_step`.
            per_answer: Keep each answer of what is recorded from now on as a disclosure of its own, so that one can be shown without the others;
                by default one submission is one disclosure, which takes less time and room.
            signer: Signs the log's heads; its name is the log's origin, and a new log takes its origin from it. The first one becomes the log's key. To
                replace the key give ``[old, new]``: the first head under the new one carries both. Whoever opens a log that has a key without its signer
                may record, and makes no heads: `no_heads` says so, and the key's holder makes them: also by opening the log and closing it.
            trusted: A checkpoint of this log that was kept elsewhere: the log must extend it. Every record below it is read.
            group: Gather what many threads `decide` or `append` at once into one batch, with one vault transaction and one fdatasync: each call returns
                when its own records are durable. A lone thread waits for nobody. At most 256 records and 4 MiB wait; more wait at the door.
            clock: Gives the time of a record as FORMAT.md 1 spells it; by default the system's, in UTC.
            entropy: Gives so many random bytes; by default the system's.

        Raises:
            LogError: There is something else; the log does not hold what its newest head or *trusted* stands for; its end is damaged otherwise than by
                a crash, which is mended; the signer does not fit; or *vault* is another log's, or lies where a new log's would begin. Where another log's
                vault lies beside the log, the log opens for what needs none.
            StoreError: There is nothing, or it cannot be read; or an erasure that was begun cannot be finished. Where there is no room or permission for the
                cache, the log opens to be read, and `no_heads` says why nothing more.
            MissingExtraError: A signer was given, and the extra `sign` is not installed.
        """
        directory = os.path.abspath(path)
        clock = clock or _now
        entropy = entropy or os.urandom
        if origin is not None and not fields.is_origin(origin):
            raise LogError("an origin is 1 to 200 printable ASCII characters without space")
        signers = _signers(signer)
        if signers:
            origin = _origin_of(signers, origin)
        place = directory + VAULT if vault is None else os.path.abspath(vault or directory)
        fresh = is_new(directory, create=create)
        if fresh:
            fresh = _may_begin(directory, place if vault is not False else "")
        journal = Journal(directory)
        kept, no_vault = None, "this log was opened without its vault"
        try:
            if fresh:
                key = signers[-1].verification_key if signers else ""
                journal.begin(origin or f"scoreproof-log-{entropy(16).hex()}", clock(), key)
            journal.identify(origin, clock)
            if trusted is not None:
                journal.must_extend(_head_of(trusted))
            if vault is not False:
                try:
                    begins = new_vault or (create and not journal.ask(lambda index: index.has_cases()))
                    kept, no_vault = open_vault(
                        place, journal.genesis, create=begins, read_only=bool(journal.refusal), seen=Seen(directory)
                    )
                except ForeignVaultError:
                    if create or new_vault or vault is not None:
                        raise
                    no_vault = f"{place} is the vault of another log"
            if kept is not None:
                _compare(journal, kept, go_on=new_vault)
            forgetting = Forgetting(journal, kept, clock)
            forgetting.redo()
            if journal.recovered and not journal.out_of_step:
                forgetting.sweep()
            if signers:
                journal.sign_with(signers, clock, vouched=fresh or trusted is not None)
            journal.begin_heads()
        except BaseException:
            journal.close()
            if kept is not None:
                kept.close()
            raise
        packs = Packs(os.path.join(directory, "packs"))
        refusal = "" if kept is not None or vault is False else no_vault
        intake = Intake(
            journal, packs, kept, refusal, forgetting=forgetting, per_answer=per_answer, clock=clock, entropy=entropy
        )
        return cls(journal, packs, kept, no_vault, intake, forgetting, Group() if group else None)

    def close(self) -> None:
        """Let go of all files. Closing twice is harmless."""
        reached = self._journal.durable if self._journal.appended else None
        try:
            self._journal.close()
        finally:
            if self._vault is not None:
                try:
                    if reached is not None:
                        self._vault.reached(reached)
                except (LogError, StoreError):  # it knows less of the log then, and nothing else is wrong
                    pass
                finally:
                    self._vault.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def out_of_step(self) -> str:
        """
        Why nothing may be recorded, erased, kept or held, or the empty string: the log, or its vault, is an older copy than the other was used with.

        What is there is read all the same. Source: FORMAT.md 8.
        """
        return self._journal.out_of_step

    # --- checking ---

    def verify(
        self,
        *,
        key: str | None = None,
        trusted: str | bytes | None = None,
        expect: tuple[int, str] | None = None,
        fast: bool = False,
    ) -> Report:
        """
        Check everything that can be checked, in one pass and in little memory. See `verify.verify_directory`.

        Args:
            key: A verification key of this log, as its holder gave it out: an unsigned log fails then.
            trusted: A checkpoint of this log that was kept elsewhere.
            expect: A `head` of this log that was kept elsewhere.
            fast: Whether to check the bytes alone: chain, tree, heads.
        """
        from scoring.audit.verify import verify_directory

        return verify_directory(
            self.path,
            vault=self._vault.path if self._vault else False,
            expect=expect,
            size=len(self),
            key=key,
            trusted=trusted,
            fast=fast,
        )

    # --- heads ---

    @property
    def no_heads(self) -> str:
        """Why this handle makes no heads, or the empty string: the log has a key whose signer was not given, or nothing can be written here."""
        return self._journal.no_heads

    @property
    def head_failed(self) -> str:
        """
        Why the last head that this handle was to make could not be made, or the empty string; asked after `close` too, which makes one.

        What was recorded is durable all the same, and not provable yet. Where the records that were read back do not hold, the handle takes no more.
        """
        return self._journal.head_failed

    @property
    def recovered(self) -> str:
        """What was cut off the log's end when this handle opened it, where it is kept, and which record says so; or the empty string."""
        return self._journal.recovered

    @property
    def broken_head(self) -> str:
        """
        Why the newest head proves nothing, or the empty string: the log has a key, which did not sign it; or there is none, although there was.

        Whoever has not installed the extra `sign` cannot tell, and gets the empty string.
        """
        return self._journal.broken_head

    @property
    def provable(self) -> int:
        """How many records the newest head stands for; 0 where none was made yet."""
        return self._journal.provable

    def checkpoint(self) -> str:
        """
        Return the checkpoint of all that is recorded now, made where the newest is older: to be given away, for whoever has it can tell what was changed.

        Raises:
            LogError: The log has a key, and its signer was not given.
            StoreError: It could not be written.

        Source: FORMAT.md 11.
        """
        return self._in_turn(self._journal.checkpoint).note.decode()

    def receipt(self, seq: int) -> str:
        """
        Return what shows that record *seq* is in this log: a C2SP tlog-proof under the newest head, which is made where none covers the record.

        Raises:
            LogError, StoreError: There is no such record; or as `checkpoint`.

        Source: FORMAT.md 11.
        """
        from scoring.audit.receipt import write

        return write(self._in_turn(lambda: self._journal.receipt(seq))).decode()

    def replay(self, seq: int | None = None) -> ReplayReport:
        """
        Recompute one decision, or all of them. See `replay.replay`.

        Raises:
            LogError: Record *seq* is no decision, or is not there.
        """
        from scoring.audit.replay import replay

        lines: Iterable[tuple[int, bytes]] = self._journal.lines()
        if seq is not None:
            record = self.read(seq)
            if record["type"] != "decision":
                raise LogError(f"a {record['type']} record, which holds no decision to replay", seq=seq)
            lines = [(seq, canonical.dumps(record))]
        return replay(lines, self._packs, self._vault, self._no_vault, self._forgetting.erased_by)


def _may_begin(directory: str, vault: str) -> bool:
    """
    Look, before anything is made, whether a log can begin in *directory* with its *vault*; then make the directory.

    False where another process began it meanwhile.

    Raises:
        LogError, StoreError: It cannot.
    """
    for shared in map(refusal, filter(None, (directory, vault))):
        if shared:
            raise StoreError(shared)
    try:
        if vault:
            must_be_free(vault, directory)
    except (LogError, StoreError):
        if is_new(directory, create=True):
            raise
        return False  # it is, or is going to be, the vault of the log that was begun
    make_directory(directory)
    return True


def _compare(journal: Journal, vault: Vault, *, go_on: bool) -> None:
    """Find out whether a log and its vault are each as new as the other knows it; or go on with them as they are."""
    seen = Seen(journal.directory).newest()  # before the vault, which is written first
    known = vault.known  # before the log, which it knows as it was
    found = older_vault(vault.path, known, seen) or older_log(journal.directory, vault.path, known, journal.leaf_at)
    if found and go_on and not journal.refusal:
        vault.go_on(journal.durable)
    else:
        journal.out_of_step = found


def _signers(signer: Any) -> tuple[Signer, ...]:
    """One signer, or the old and the new one, as a tuple."""
    return () if signer is None else (signer,) if hasattr(signer, "sign") else tuple(signer)


def _origin_of(signers: tuple[Signer, ...], origin: str | None) -> str:
    """What the log of these signers is called: a key's name is its log's origin, FORMAT.md 11."""
    from scoring.audit.keys import VerificationKey

    for signer in signers:
        name = VerificationKey.parse(signer.verification_key).name
        if {name, signer.name} != {origin or name} or not fields.is_origin(name):
            message = "a signer's name is its log's origin: make a key of that name"
            raise LogError(message, expected=origin or name, found=signer.name)
        origin = name
    return origin or ""


def _head_of(trusted: str | bytes) -> Head:
    from scoring.audit.checkpoint import parse

    return parse(trusted.encode() if isinstance(trusted, str) else trusted).head


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
