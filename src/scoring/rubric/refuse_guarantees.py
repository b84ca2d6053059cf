"""
What is refused in guarantees: names that name nothing, a guarantee that no verdict satisfies, one that says nothing.

Must not know whether a guarantee holds: that takes a proof, which `check` makes from the pack.
"""

from __future__ import annotations

from scoring.rubric import guarantees
from scoring.rubric.guarantees import FORMS
from scoring.rubric.part import spot
from scoring.rubric.refuse_overrides import check_condition

TYPE_CHECKING = False
if TYPE_CHECKING:
    from scoring.rubric.model import Guarantee
    from scoring.rubric.study import Study

__all__ = ["check_guarantees"]

_ONE_OF = f"one of {', '.join(FORMS)}"


def check_guarantees(study: Study) -> None:
    """Look at every guarantee."""
    for guarantee in study.rubric.guarantees:
        if guarantee.when is not None:
            check_condition(study, guarantee.when, limits=False)
        if _says_one_thing(study, guarantee) and _names_verdicts(study, guarantee):
            _says_something(study, guarantee)


def _says_one_thing(study: Study, guarantee: Guarantee) -> bool:
    forms = guarantees.said(guarantee)
    if len(forms) > 1:
        where = max((spot(guarantee, form) for form in forms), key=lambda node: (node.line, node.column))
        message = f"a guarantee says {_ONE_OF}, not {' and '.join(forms)}: write two guarantees"
        study.report(where.key or where, "guarantee-twice", message)
    elif not forms and study.sound(guarantee.node):
        study.report(guarantee.node, "missing-key", f"a guarantee needs {_ONE_OF}: what its candidates come to")
    return len(forms) == 1


def _names_verdicts(study: Study, guarantee: Guarantee) -> bool:
    """Whether every verdict that it names is there, and stands once."""
    right = True
    for form in ("never_above", "never_below"):
        name = getattr(guarantee, form)
        right &= name is None or study.names(spot(guarantee, form), "verdict", name)
    for form in ("never", "always"):
        seen: set[str] = set()
        for place, name in enumerate(getattr(guarantee, form)):
            where = spot(guarantee, form, place)
            right &= study.names(where, "verdict", name)
            if name in seen:
                study.report(where, "verdict-twice", f'"{name}" stands twice in this list')
            seen.add(name)
    return right


def _says_something(study: Study, guarantee: Guarantee) -> None:
    (form,) = guarantees.said(guarantee)
    verdicts = study.known["verdict"]
    left = guarantees.allowed(guarantee, verdicts)
    where = spot(guarantee, form)
    if not study.sound(where):
        return
    if not left:
        message = f'no verdict is left that "{guarantee.id}" allows; there are {", ".join(verdicts)}'
        study.report(where.key or where, "guarantee-impossible", message)
    elif len(left) == len(verdicts):
        message = f'"{guarantee.id}" allows every verdict, so it says nothing: name what must not happen'
        study.report(where.key or where, "guarantee-idle", message)
