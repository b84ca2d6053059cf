"""
The candidate's paper: what a pack lets a candidate see, as Markdown.

Owns the choice of what is shown: title, notice, sections, prompts, the options' ids and texts, time limits. Never a key, points, a flag, a reason, a weight
or an audit note. Reads packs only; must not know the model.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

__all__ = ["paper"]

_HOW = {
    "choice": "Choose one.",
    "selection": "Choose all that apply.",
    "number": "The answer is a number; write it in digits.",
    "text": "Answer in a few words.",
    "mark": "An examiner marks this.",
}


def paper(pack: dict[str, Any]) -> str:
    """
    Write the paper of a pack.

    Args:
        pack: A pack as JSON values, `about` included.

    Returns:
        Markdown, ended by one line end.
    """
    blocks = [f"# {_about(pack, 'title') or pack['rubric']}"]
    if pack["notice"]:
        blocks.append("\n".join(f"> {line}".rstrip() for line in pack["notice"].splitlines()))
    number = 0
    for stage in pack["stages"]:
        for section in stage["sections"]:
            blocks.append(f"## {_about(section, 'title') or section['id']}")
            for item in section["items"]:
                number += 1
                blocks += _item(item, number)
    return "\n\n".join(block for block in blocks if block) + "\n"


def _item(item: dict[str, Any], number: int) -> Iterator[str]:
    """One question. Neither its id nor its title is shown: they are written for colleagues, and may give the answer away."""
    limit = _about(item, "limit")
    yield f"### Question {number}" + (f" ({limit.replace('~', 'about ')})" if limit else "")
    yield _about(item, "ask")
    yield _HOW[item["kind"]]
    yield "\n".join(_option(option) for option in item.get("options", ()))


def _option(option: dict[str, Any]) -> str:
    text = _about(option, "text").replace("\n", "\n  ")
    return f"- **{option['id']}** {text}".rstrip()


def _about(part: dict[str, Any], name: str) -> str:
    """A text for people: nothing, a text or a list of texts, as a pack may hold it."""
    value = part["about"].get(name, "")
    return value if isinstance(value, str) else "\n".join(value)
