"""
What somebody meant: lines to propose in messages.

Owns how a text is written with quotes, a list with brackets and a number with a point, and which keys take which of them; a test holds the names against
the model. Must not know where a line is proposed, nor what else is wrong.
"""

from __future__ import annotations

from scoring.rubric.exact import mended

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["LISTS", "NUMBERS", "SHARES", "behind_comma", "bracketed", "cut", "quoted", "written"]

LISTS = frozenset(
    {
        "always", "assumed", "audience", "contains_all", "contains_any", "every", "guidance", "is", "like", "may_move", "never", "panel", "persona",
        "prepare", "rounds", "separators", "steps", "units",
    }
)  # fmt: skip
SHARES = frozenset({"below", "from", "relative", "weight"})
NUMBERS = SHARES | {
    "above",
    "absolute",
    "at",
    "at_least",
    "declared",
    "floor",
    "is",
    "key",
    "max",
    "number",
    "points",
    "step",
}

_MAX_SHOWN = 200  # characters of a text that a message repeats
_SYNTAX = (": ", "?", "#", "{", "}", "[", "]", ",", '"', "'", "\n")
_FIRST = tuple("-?:&*!|>%@`#")


def quoted(text: str) -> str:
    """
    Write a text in quotes, in those that it does not hold itself where that is possible.

    >>> print(quoted('"Sorry" letter'), quoted("it's"))
    '"Sorry" letter' "it's"
    """
    if "\\" not in text and '"' not in text:
        return f'"{text}"'
    if "'" not in text:
        return f"'{text}'"
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def written(text: str) -> str:
    """Write a text as an entry of a list: with quotes where it needs them."""
    plain = text and text == text.strip() and not text.startswith(_FIRST) and not text.endswith(":")
    return text if plain and not any(mark in text for mark in _SYNTAX) else quoted(text)


def bracketed(texts: Sequence[str]) -> str:
    """Write texts as a list."""
    return f"[{', '.join(written(text) for text in texts)}]"


def behind_comma(key: str, texts: Sequence[str], *, under: str, beside: Sequence[str], plain: bool) -> str:
    """
    Say what a comma without quotes or brackets inside ``{ }`` was meant to be.

    Args:
        key: The key whose value the comma cut.
        texts: The value's pieces, two or more.
        under: The key that the braces stand under, or nothing.
        beside: All keys of these braces.
        plain: Whether the first piece stood without quotes.

    Returns:
        What to do, with the value written out where it is short and clear.
    """
    number = mended(",".join(texts)) if len(texts) == 2 else None
    on_outcomes = "item" in beside  # there, `is` holds names
    if number and (under in ("shares", "stages") or (key in NUMBERS and not on_outcomes)):
        bare_share = (key in SHARES or under in ("shares", "stages")) and not number.endswith("%")
        return f"a decimal is written with a point; did you mean {number}{'%' * bare_share}?"
    whole = ", ".join(texts)
    if len(whole) > _MAX_SHOWN:
        return "text with a comma inside { } needs quotes"
    of_words = under == "answers" and not any(" " in text or "," in text or mended(text) for text in texts)
    if key in LISTS or of_words:
        return f"a list stands in brackets; did you mean {key}: {bracketed(texts)}?"
    hint = f"; did you mean {key}: {quoted(whole)}?" if plain else ""
    return f"text with a comma inside {{ }} needs quotes{hint}"


def cut(key: str, before: str, rest: str, *, flow: bool) -> str:
    """
    Say that a text without quotes ends at a ``#`` which was meant to belong to it.

    Args:
        key: The key that it stands under, or nothing.
        before: What was read of it.
        rest: What follows on the line, spaces and ``#`` first.
        flow: Whether it stands in ``{ }`` or ``[ ]``, where it would end at a comma or a closing bracket.
    """
    if flow:
        rest = rest[: next((at for at, c in enumerate(rest) if c in ",]}"), len(rest))]
    whole = (before + rest).strip()
    message = "from the # on, this line is a comment and is not read"
    if len(whole) > _MAX_SHOWN or "\n" in whole:
        return f"{message}; put the text in quotes"
    return f"{message}; did you mean {key}{': ' * bool(key)}{quoted(whole)}?"
