"""Parse path templates of the API: `/Users({Id})/Pbx.Regenerate`, `/Fax(Number={Number})`.

This is the only module that knows how a template is written.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

_PLACEHOLDER = re.compile(r"\{([^{}]+)\}")
_SEGMENT = re.compile(r"(?P<name>[^()]*)\((?P<arguments>.*)\)")
_ARGUMENT = re.compile(r"(?:(?P<name>\w+)=)?\{(?P<parameter>[^{}]+)\}")
_NAMESPACE = "Pbx."


@dataclass(frozen=True, slots=True)
class Argument:
    """An argument in a segment's parentheses: `Number={Number}`, or `{Id}`, whose `name` is empty."""

    name: str
    parameter: str


@dataclass(frozen=True, slots=True)
class Segment:
    """A segment of a path; `arguments` is None where it has no parentheses."""

    name: str
    arguments: tuple[Argument, ...] | None = None

    @property
    def is_qualified(self) -> bool:
        """Return whether it is a function or an action that is bound to the segment before: `Pbx.MakeCall`."""
        return self.name.startswith(_NAMESPACE)

    @property
    def local_name(self) -> str:
        """Return the name without its namespace: "MakeCall" of `Pbx.MakeCall`."""
        return self.name.removeprefix(_NAMESPACE)

    @property
    def key(self) -> str | None:
        """Return the parameter that is an entity's key: "Id" of `Users({Id})`, None of `Users(Number={Number})`."""
        if self.arguments and len(self.arguments) == 1 and not self.arguments[0].name:
            return self.arguments[0].parameter
        return None


@dataclass(frozen=True)
class PathTemplate:
    """A parsed path template."""

    text: str

    @cached_property
    def pieces(self) -> tuple[str, ...]:
        """Return literal text and parameter names in turn, text first: `("/Users(", "Id", ")")`."""
        return tuple(_PLACEHOLDER.split(self.text))

    @cached_property
    def parameter_names(self) -> tuple[str, ...]:
        """Return the names of all parameters in the order of the path."""
        return self.pieces[1::2]

    @cached_property
    def segments(self) -> tuple[Segment, ...]:
        """Return the segments between slashes."""
        return tuple(_parse_segment(text) for text in self.text.removeprefix("/").split("/"))


def _parse_segment(text: str) -> Segment:
    match = _SEGMENT.fullmatch(text)
    if match is None:
        return Segment(text)
    found = _ARGUMENT.finditer(match["arguments"])
    return Segment(match["name"], tuple(Argument(each["name"] or "", each["parameter"]) for each in found))
