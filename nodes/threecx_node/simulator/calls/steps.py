"""The steps of a scenario: what people do in a call, one after the other, and when."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from .models import CallError

if TYPE_CHECKING:
    from collections.abc import Mapping

# The steps that people take, and the members that each needs.
STEPS: Mapping[str, tuple[str, ...]] = {
    "answer": (),
    "hang_up": (),
    "reject": (),
    "press": ("digits",),
    "divert": ("to",),
    "route_to": ("to",),
    "transfer": ("to",),
    "consult": ("to",),
    "complete_transfer": (),
    "time_out": (),
}
# The members that a step may have besides.
_OPTIONAL: Mapping[str, tuple[str, ...]] = {"answer": ("dn", "device_id"), "time_out": ()}
MAX_AFTER = 86400.0


@dataclass(frozen=True, slots=True)
class Step:
    """One step: `after` is in seconds since the step before. Without `dn`, the obvious participant does it."""

    do: str
    after: float = 0
    dn: str = ""
    to: str = ""
    digits: str = ""
    device_id: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the step without empty members."""
        return {name: value for name, value in asdict(self).items() if value}


def parse_step(given: Any) -> Step:
    """Return the step of a JSON object; raise CallError (422) for one that is none."""
    if not isinstance(given, dict):
        raise CallError(422, 'A step must be an object, such as {"do": "answer", "dn": "101"}.')
    do, after = given.get("do"), given.get("after", 0)
    if not isinstance(do, str) or do not in STEPS:
        raise CallError(422, f"A step does one of {', '.join(STEPS)}, not {str(do)[:50]!r}.")
    names = (*STEPS[do], *_OPTIONAL.get(do, ("dn",)))
    if unknown := sorted(given.keys() - {"do", "after", *names}):
        known = ", ".join(("do", "after", *names))
        raise CallError(422, f"The step {do} has no member {unknown[0][:50]!r}; it has {known}.")
    if isinstance(after, bool) or not isinstance(after, int | float) or not 0 <= after <= MAX_AFTER:
        raise CallError(422, f"after must be 0 to {MAX_AFTER:.0f} seconds.")
    texts = {name: given[name] for name in names if name in given}
    for name, value in texts.items():
        if not isinstance(value, str):
            raise CallError(422, f"{name} must be a text.")
    for name in STEPS[do]:
        if not texts.get(name):
            raise CallError(422, f"The step {do} needs {name}.")
    return Step(do, float(after), **texts)
