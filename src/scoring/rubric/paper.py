"""
The candidate's paper: what a pack lets a candidate see, as Markdown.

Owns the choice of what is shown: title, notice, stages, sections, prompts, the options' ids and texts, how a thing is done, how long, who is there, what to
prepare, what to hand over and what is looked at. Never a key, points, a flag, a reason, a weight, an anchor, an indicator, a guidance, or an audit note.
What people rate without having asked anything is a criterion, and not shown. Reads packs only; must not know the model.
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
    "rating": "People rate this.",
    "checklist": "People rate this.",
    "evidence": "This is kept, and not rated.",
}
# Of what raters tick, what candidates are told beforehand.
_TOLD = {"deliverables": "Hand over:", "criteria": "What is looked at:", "ground_rules": "Ground rules:"}


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
    variants = {variant["id"]: _about(variant, "title") or variant["id"] for variant in pack["variants"]}
    is_funnel = [stage["id"] for stage in pack["stages"]] != ["main"]
    number = 0
    for stage in pack["stages"]:
        if is_funnel:
            blocks.append(f"## {_about(stage, 'title') or stage['id']}")
        for section in stage["sections"]:
            shown = [item for item in section["items"] if not item["void"] and _is_asked(item)]
            if shown:
                blocks.append(f"##{'#' * is_funnel} {_about(section, 'title') or section['id']}")
            for item in shown:
                number += 1
                blocks.append(f"###{'#' * is_funnel} Question {number}{_limit(item)}")
                if item["only"]:
                    blocks.append(f"Only for: {variants[item['only']]}.")
                blocks += _item(item)
    return "\n\n".join(block for block in blocks if block) + "\n"


def _is_asked(item: dict[str, Any]) -> bool:
    return "raters" not in item or bool(_about(item, "ask"))


def _limit(item: dict[str, Any]) -> str:
    limit = _about(item, "limit")
    return f" ({limit.replace('~', 'about ')})" if limit else ""


def _item(item: dict[str, Any]) -> Iterator[str]:
    """One question. Neither its id nor its title is shown: they are written for colleagues, and may give the answer away."""
    yield _about(item, "ask")
    yield _about(item, "format")
    yield _list("Who is there:", _texts(item, "audience"))
    yield _list("Prepare:", _texts(item, "prepare"))
    for name, heading in _TOLD.items():
        yield _list(
            heading, [text for entry in item.get("records", {}).get(name, ()) for text in _texts(entry, "text")]
        )
    yield _HOW[item["kind"]]
    yield "\n".join(_option(option) for option in item.get("options", ()))


def _list(heading: str, texts: list[str]) -> str:
    return "\n".join([heading, "", *(f"- {_indented(text)}" for text in texts)]) if texts else ""


def _option(option: dict[str, Any]) -> str:
    return f"- **{option['id']}** {_indented(_about(option, 'text'))}".rstrip()


def _indented(text: str) -> str:
    return text.replace("\n", "\n  ")


def _texts(part: dict[str, Any], name: str) -> list[str]:
    """The texts for people under a name: none, one, or several, as a pack may hold them."""
    value = part["about"].get(name, [])
    return [value] if isinstance(value, str) else value


def _about(part: dict[str, Any], name: str) -> str:
    return "\n".join(_texts(part, name))
