"""
What YAML's parser complains about, in plain words.

Owns the translation: each row of `_RULES` says which complaint it is about and what to tell somebody who has never heard of a scalar. The place is
where the mending has to be done, which is often not where the parser noticed.
"""

from __future__ import annotations

from scoring.rubric.complaint import (
    MAX_SHOWN,
    QUOTES,
    Complaint,
    Place,
    entry_above,
    indent_of,
    line_above,
    odd_dash,
    outside_quotes,
)
from scoring.rubric.meant import quoted
from scoring.rubric.tree import NBSP, lines_of, oddity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    import yaml

    Told: TypeAlias = tuple[Place, str]

__all__ = ["explain"]

_TROUBLE = ((":", "a colon"), ("?", "a question mark"), (("{", "[", "}", "]"), "brackets or braces"))
_DIRECTIVE = "lines that begin with % are not read: delete this line"
_MARKS = ("", ":", ",", "-", "{", "[", "}", "]", '"', "'")
_CURLY = " \u201c\u201d\u2018\u2019"
_MAX_KEY = 1024  # characters, by YAML's own rule


def explain(error: yaml.YAMLError, text: str) -> tuple[int, int, str, str]:
    """
    Say what is wrong with a file that is no YAML.

    Args:
        error: What the parser raised.
        text: The file.

    Returns:
        Line and column, a code, and the message.
    """
    position = getattr(error, "position", None)
    lines = lines_of(text)
    if position is not None:
        return _forbidden_character(text, position, lines)
    complaint = Complaint(error, lines)
    slip = _odd_space(complaint) or _odd_dash(complaint)
    if slip is not None:
        return slip[0].line, slip[0].column, "syntax", slip[1]
    for needles, rule in _RULES:
        if any(needle in complaint.words for needle in needles):
            place, message = rule(complaint)
            break
    else:
        place, message = complaint.at, f"no YAML: {complaint.words.strip(' /')}"
    return place.line, place.column, "syntax", message + oddity(outside_quotes(place.text))


def _forbidden_character(text: str, position: int, lines: list[str]) -> tuple[int, int, str, str]:
    before = text[:position].replace("\r\n", "\n").replace("\r", "\n")
    line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
    name = f"U+{ord(text[position]):04X}" if position < len(text) else "a character"
    place = Place(lines, line, column)
    return place.line, place.column, "character", f"a character that no text file should hold ({name}): delete it"


def _odd_space(said: Complaint) -> Told | None:
    """A non-breaking space that indents, or stands beside a mark of YAML, where the parser stumbled: it looks right, so nothing else would help."""
    for number in (said.at.line, line_above(said.at), said.since.line):
        text = outside_quotes(said.lines[number - 1])
        before = ""
        for column, c in enumerate(text):
            if c == NBSP and before in _MARKS:
                return Place(said.lines, number, column + 1), oddity(NBSP).removeprefix("; ")
            before = before if c.isspace() else c
    return None


def _odd_dash(said: Complaint) -> Told | None:
    """A dash that begins no entry of a list, because it is a long one or no space follows it: on this line, or on the one that this continues."""
    for number in (said.at.line, line_above(said.at)):
        line = said.lines[number - 1]
        message = odd_dash(line.strip())
        if message:
            return Place(said.lines, number, indent_of(line) + 1), message
    return None


def _colon(said: Complaint) -> Told:
    place = said.at
    key, colon, value = place.before.lstrip("- ").partition(": ")
    if "{" in key:
        name = key.partition("{")[0].strip()
        return Place(
            said.lines, place.line, place.text.index("{") + 1
        ), f'a colon is missing before the {{; did you mean "{name}: {{..."?'
    if colon and not place.before.rstrip().endswith(("'", '"')):
        whole = (value + place.rest).strip(_CURLY)
        hint = f'; did you mean {key}: "{whole}"?' if '"' not in whole and len(whole) <= MAX_SHOWN * 2 else ""
        return place, f"a second colon on the line: text with a colon and a space in it needs quotes{hint}"
    if colon:
        message = (
            "a colon behind quoted text: put the whole text in one pair of quotes, or start a new line for a new key"
        )
        return place, message + _requoted(place)
    above = line_above(place)
    if above == place.line or place.column > _MAX_KEY:
        return place, "a colon behind text that is too long for a key: text with a colon in it needs quotes"
    indent, indent_above = indent_of(place.text), indent_of(said.lines[above - 1])
    if indent <= indent_above:
        return _without_colon(Place(said.lines, above, indent_above + 1))
    return (
        Place(said.lines, place.line, indent + 1),
        f"this line is indented deeper than line {above}, so it continues the text there; keys that belong together start in one column",
    )


def _no_colon(said: Complaint) -> Told:
    return _without_colon(said.since)


def _without_colon(place: Place) -> Told:
    """What to say about a line that should be ``key: value`` and has no colon."""
    word = place.rest.strip()
    shown = word if len(word) <= MAX_SHOWN else word[:MAX_SHOWN] + "..."
    key, colon, value = word.partition(":")
    entry = entry_above(place)
    if word.startswith("{") and entry is not None and entry.column == place.column:
        like = f'this line starts in column {place.column}, like the "- " in line {entry.line}'
        return place, f'{like}; if it is a new entry, put a "- " before it'
    if word.startswith(("'", '"')):
        return place, f"the quoted text that begins here is followed by no colon; {QUOTES[word[0]]}"
    if colon and value and not value.startswith(" ") and " " not in key:
        return place, f'a space is missing behind the colon; did you mean "{key}: {value.strip()}"?'
    return (
        place,
        f'expected "key: value", found "{shown}"; a line that continues the text above is indented deeper than its key',
    )


def _indentation(said: Complaint) -> Told:
    place, start = said.at, said.since
    before = place.before.rstrip()
    if before.endswith(("'", '"')):
        return _opened_above(said, before[-1]) or (
            place,
            f"there is more text behind the closing quote; {QUOTES[before[-1]]}{_requoted(place)}",
        )
    if not before.strip() and place.rest.startswith(("'", '"')):
        return place, f"quoted text on a line of its own: was the text above closed too early? {QUOTES[place.rest[0]]}"
    if place.rest.startswith(":"):
        return place, "there is no key before the colon"
    if place.rest.startswith(("}", "]")):
        return place, f"a {place.rest[0]} that closes nothing: delete it, or put the text in quotes"
    if before.strip(" -"):
        return place, "this does not fit what stands before it on the line: put the whole text in quotes"
    entry = entry_above(place)
    if place.rest.startswith("- ") and entry is not None and entry.column != place.column:
        there = f"column {entry.column}, as line {entry.line}"
        return (
            place,
            f'this "- " starts in column {place.column}; if it begins an entry of that list, move it to {there}',
        )
    if (
        place.column == start.column
        and start.rest.startswith("- ")
        and entry is not None
        and entry.column == place.column
    ):
        like = f'this line starts in column {place.column}, like the "- " in line {entry.line}'
        belongs = f"if it belongs to that entry, indent it to column {place.column + 2}"
        return place, f'{like}; {belongs}; if it begins a new entry, put a "- " before it'
    if place.column == start.column:
        kinds = "an entry of a list (- ) and a key" if "- " in (place.rest[:2], start.rest[:2]) else "these"
        return place, f"{kinds} cannot stand in the same column as entries of one thing; line {start.line} began it"
    if place.rest.startswith("- "):
        message = (
            'a "- " begins an entry of a list, but there is no list in this column: do the lines above lack a "- "?'
        )
        return place, message
    if entry is not None and place.column < entry.column + 2:
        like = f'this line starts in column {place.column}, the "- " of line {entry.line} in column {entry.column}'
        return place, f"{like}: if it belongs to that entry, indent it to column {entry.column + 2}"
    where = f"line {start.line} starts in column {start.column}"
    return (
        place,
        f"this line starts in column {place.column}, but {where}: entries that belong together start in one column",
    )


def _requoted(place: Place) -> str:
    """The line's text in one pair of quotes, where only its beginning was quoted, or where it holds the quotes that enclose it."""
    key, colon, value = place.text.strip().removeprefix("- ").partition(": ")
    value = value.strip()
    if not colon or "{" in key or not value.startswith(tuple(QUOTES)) or len(value) > 2 * MAX_SHOWN:
        return ""
    whole = value[1:-1] if value.endswith(value[0]) else value
    return f"; did you mean {key}: {quoted(whole)}?"


def _opened_above(said: Complaint, quote: str) -> Told | None:
    """Whether the quote that closes on this line was opened on an earlier one, which then is the one that was never closed."""
    if said.at.before.count(quote) != 1:
        return None
    for n in range(said.at.line - 2, -1, -1):
        if said.lines[n].count(quote) % 2:
            place = Place(said.lines, n + 1, said.lines[n].rindex(quote) + 1)
            return (
                place,
                f"the quote {quote} that opens here is not closed before line {said.at.line}; {QUOTES[quote]}",
            )
    return None


def _unclosed(said: Complaint) -> Told:
    place = said.since
    quote = place.rest[:1]
    hint = QUOTES.get(quote, "add the closing one")
    return place, f"the quote {quote} that opens here is never closed (or the file was cut off); {hint}"


def _flow(said: Complaint) -> Told:
    place, start = said.at, said.since
    opening = start.rest[:1]
    closing = "}" if opening == "{" else "]"
    comment = _comment(start)
    if comment:
        return (
            comment,
            f"from this # on, the line is a comment, so the {opening} of the line is not closed: text with a # in it needs quotes",
        )
    if said.last:
        return start, f"the {opening} that opens here is never closed: add a {closing} (or the file was cut off)"
    before = place.before.rstrip()
    if place.line > start.line and (not before.strip(" -") or (place.rest.startswith(":") and ": " not in before)):
        return (
            start,
            f"the {opening} that opens here is not closed before line {place.line}: add a {closing}, or a comma between entries",
        )
    if before.endswith(("'", '"')):
        return place, f"there is more text behind the closing quote: a comma is missing, or {QUOTES[before[-1]]}"
    for characters, name in _TROUBLE:
        if place.rest.startswith(characters):
            return place, f"text with {name} inside {opening} {closing} needs quotes{_quoted_entry(place)}"
    return (
        place,
        f"expected a comma or {closing} before this; the {opening} was opened in line {start.line}, column {start.column}",
    )


def _comment(start: Place) -> Place | None:
    """Where a comment begins behind an opening brace or bracket on its line, if it holds the closing one."""
    at = outside_quotes(start.text).find(" #", start.column)
    if at < 0 or ("}" if start.rest.startswith("{") else "]") not in start.text[at:]:
        return None
    return Place(start.lines, start.line, at + 2)


def _quoted_entry(place: Place) -> str:
    """The entry of ``{key: text, key: text}`` that a place stands in, with its text in quotes."""
    start = max(place.before.rfind("{"), place.before.rfind(", ")) + 1
    key, colon, text = place.before[start:].partition(": ")
    end = next((n for n, c in enumerate(place.rest) if n and c in ",}"), len(place.rest))
    whole = (text + place.rest[:end]).strip()
    return (
        f'; did you mean {key.strip()}: "{whole}"?'
        if colon and '"' not in whole and len(whole) <= 2 * MAX_SHOWN
        else ""
    )


def _cannot_start(said: Complaint) -> Told:
    place = said.at
    c = place.rest[:1]
    if c == "\t":
        return place, "there is a tab: use spaces (two for each level), also behind a colon or a dash"
    return place, f"text that begins with {c} needs quotes"


def _fixed(message: str, *, at_start: bool = False) -> Callable[[Complaint], Told]:
    return lambda said: (said.since if at_start else said.at, message)


def _starts_with(character: str) -> Callable[[Complaint], Told]:
    return _fixed(f"text that begins with {character} needs quotes", at_start=True)


def _document_start(said: Complaint) -> Told:
    directive = next((n for n, line in enumerate(said.lines) if line.startswith("%")), None)
    if directive is not None:
        return Place(said.lines, directive + 1, 1), _DIRECTIVE
    first = next(n for n, line in enumerate(said.lines) if line.strip() and not line.lstrip().startswith(("#", "---")))
    column = len(said.lines[first]) - len(said.lines[first].lstrip()) + 1
    return (
        said.at,
        f"this does not belong to what begins in line {first + 1}, column {column}: keys that belong together start in one column",
    )


def _missing_value(said: Complaint) -> Told:
    c = said.at.rest[:1]
    if c == ":":
        return said.at, "there is no key before the colon"
    return said.at, f"a value is missing before this {c}" if c else "a value is missing here"


# The first row that matches what the parser said is taken; its wording is PyYAML's, which has not changed in ten years.
_RULES: tuple[tuple[tuple[str, ...], Callable[[Complaint], Told]], ...] = (
    (("while scanning a directive", "YAML directive", "incompatible YAML", "tag handle"), _fixed(_DIRECTIVE)),
    (("while scanning an alias",), _starts_with("*")),
    (("while scanning an anchor",), _starts_with("&")),
    (("scanning a tag", "parsing a tag"), _starts_with("!")),
    (("mapping values are not allowed",), _colon),
    (("could not find expected ':'",), _no_colon),
    (("sequence entries are not allowed",), _fixed("a list begins on the line after its key; text that begins with a dash needs quotes")),
    (("mapping keys are not allowed",), _fixed("text that begins with ? needs quotes")),
    (("found unexpected end of stream", "found unexpected document separator"), _unclosed),
    (("unknown escape", "escape sequence"), _fixed('inside "..." a backslash is written twice (\\\\), or use \'...\'')),
    (("while scanning a block scalar",), _fixed("behind | or > the text begins on the next line; text that begins with | or > needs quotes")),
    (("found character",), _cannot_start),
    (("expected <block end>",), _indentation),
    (("expected ',' or",), _flow),
    (("expected '<document start>'",), _document_start),
    (("expected the node content",), _missing_value),
)  # fmt: skip
