"""
What can come out of an item: codes, flags, and the table of a kind.

Owns the words that `classify` (what candidates answer), `ratings` (what people rate) and everything behind them share. Codes 0 to 4 are the same for every
kind; from `OWN` on they are the item's own (FORMAT.md 7). Must not know of any kind.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import TypeAlias

    from scoring.engine.exact import Rational

    Reader: TypeAlias = Callable[[object], int]
    Rater: TypeAlias = Callable[
        [object, Mapping[str, str]], tuple[int, bool]
    ]  # answer, panel -> code, a conduct rule breached

__all__ = [
    "ABSENT",
    "BLANK",
    "COMMON",
    "ENDING",
    "EXCLUDED",
    "FLAGS",
    "INVALID",
    "MAX_CODES",
    "MAX_ENTRIES",
    "MAX_TEXT",
    "NOTE",
    "NO_ENTRY",
    "OWN",
    "REFER",
    "SEVERE",
    "UNOPENED",
    "WORD",
    "Refused",
    "Table",
    "flags_of",
    "is_blank",
    "kind_of",
    "text_of",
]

COMMON = ("absent", "blank", "invalid", "excluded", "unopened")
ABSENT, BLANK, INVALID, EXCLUDED, UNOPENED = range(5)
OWN = len(COMMON)

MAX_CODES = 64**3  # three base64url digits an item
MAX_TEXT = 16_384  # characters; a long application essay is a third of that
MAX_ENTRIES = 256  # of a list; more than the options of any item, repeats included

FLAGS = ("fatal", "knock_out", "refer", "note")
SEVERE = ("fatal", "knock_out", "refer")
# What an outcome raises is one integer with a 1 in the 16 bits of each flag, so that adding up outcomes counts the items that raised it: at most 1,000.
WORD = {None: 0} | {flag: 1 << 16 * place for place, flag in enumerate(FLAGS)}
NOTE, REFER = WORD["note"], WORD["refer"]
ENDING = 0xFFFF * (WORD["fatal"] | WORD["knock_out"])

NO_ENTRY = object()  # what a reader is given where the submission says nothing about its item


def flags_of(word: int) -> tuple[str, ...]:
    """The flags that occur in a word, in the order of `FLAGS`."""
    return tuple(flag for place, flag in enumerate(FLAGS) if word >> 16 * place & 0xFFFF)


class Refused(Exception):  # noqa: N818 - it is a finding about an answer, caught one level up
    """An answer that cannot be read at all: the sender's fault. The message does not repeat it."""


class Table:
    """
    What can come out of an item, by code from `OWN` on, and how an answer becomes a code.

    Attributes:
        points: What each outcome earns, before the item's floor.
        words: What each outcome raises.
        name: Gives the name of an outcome by its place in `points`.
        read: Turns an answer (or `NO_ENTRY`) into a code.
        unclear: The code of *unclear*, or None.
        awaited: The code of *awaited*, or None.
        known: The spellings that most answers have, and their codes; what `read` would return for them.
        sought: For a text that is read by casefolded words alone: these and their codes, in the order in which they are looked for.
        rate: For what people rate, in place of `read`: turns their forms into a code, given the panel.
    """

    __slots__ = ("awaited", "known", "name", "points", "rate", "read", "sought", "unclear", "words")

    def __init__(
        self,
        points: Sequence[Rational],
        words: Sequence[int],
        name: Callable[[int], str],
        read: Reader,
        *,
        unclear: int | None = None,
        awaited: int | None = None,
        known: dict[object, int] | None = None,
        rate: Rater | None = None,
    ) -> None:
        self.points = points
        self.words = words
        self.name = name
        self.read = read
        self.unclear = unclear
        self.awaited = awaited
        self.known = known or {}
        self.rate = rate
        self.sought: Sequence[tuple[str, int]] | None = None


def text_of(answer: object, most: int = MAX_TEXT) -> str:
    """The answer as text, once it is sure to be text that can be stored and is not too long."""
    if type(answer) is not str:
        raise Refused("expected text, got " + kind_of(answer))
    if len(answer) > most:
        raise Refused(f"longer than {most} characters")
    if not answer.isascii():
        try:
            answer.encode()
        except UnicodeEncodeError as error:
            raise Refused(f"holds a lone surrogate at character {error.start}, which is no text") from None
    return answer


def kind_of(answer: object) -> str:
    """What JSON calls the type of a value, for messages."""
    names = {
        bool: "true or false",
        int: "a number",
        float: "a number with a fraction",
        str: "text",
        list: "a list",
        dict: "an object",
    }
    return names.get(type(answer), "something that JSON does not have")


def is_blank(text: str) -> bool:
    """Whether a text says nothing: it is empty, or white space."""
    return not text or text.isspace()
