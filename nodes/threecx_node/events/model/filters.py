"""Filters of subscriptions: which events of the chosen types a receiver gets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, NoReturn

from ...catalog.nearest import nearest_hint
from ...errors import ConfigurationError
from ...values.phone_numbers import parse_pattern
from .event_types import EVENT_TYPES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from .event import Event
    from .event_types import EventType

DIRECTIONS = ("inbound", "outbound", "internal")
SEVERITIES = ("info", "warning", "error")
"""In rising order: a filter lets its severity pass, and those above."""

# Fields of events in which the number of a filter is searched.
_NUMBERS = ("externalNumber", "callerNumber", "calledNumber", "did")
# Fields of calls and chats that name a group.
_GROUPS = ("queue", "ringGroup")
_MOST_EXTENSIONS = 1_000
_LONGEST_TEXT = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFilter:
    """A filter. Every field that is set restricts the events to which it applies, and leaves all others alone.

    `extensions`: one of them takes part. `direction`: of the call. `number`: of a party, or the DID; blanks do not
    matter, "+" and "00" are the same, and "*" at the start or the end stands for any digits. `group`: the queue or
    ring group of a call, the queue of a chat, or the group of an entry of the event log. `severity`: at least this one.
    """

    extensions: tuple[str, ...] = ()
    direction: str = ""
    number: str = ""
    group: str = ""
    severity: str = ""

    @classmethod
    def from_json(cls, document: object) -> EventFilter:
        """Return the filter of a JSON object; null is a filter that everything passes.

        Raises ConfigurationError, with the name of the field, where a name or a value is not valid.
        """
        if document is None:
            return cls()
        if not isinstance(document, Mapping):
            _refuse(
                "", "the filter is not a JSON object", 'Write it as {"extensions": ["100"]}.', "bad_filter"
            )
        for name in document:
            if name not in FILTER_FIELDS:
                hint = nearest_hint(str(name), FILTER_FIELDS) or f"Choose from {', '.join(FILTER_FIELDS)}."
                _refuse(str(name), f"the filter has no field {name!r}", hint, "unknown_filter")
        given = {name: value for name, value in document.items() if value is not None}
        return cls(
            extensions=_read_extensions(given.get("extensions", ())),
            direction=_read_choice("direction", given.get("direction", ""), DIRECTIONS),
            number=_read_number(given.get("number", "")),
            group=_read_text("group", given.get("group", "")),
            severity=_read_choice("severity", given.get("severity", ""), SEVERITIES),
        )

    def to_json(self) -> dict[str, Any]:
        """Return the filter as JSON: only the fields that are set."""
        found = {name: getattr(self, name) for name in FILTER_FIELDS}
        return {
            name: list(value) if isinstance(value, tuple) else value for name, value in found.items() if value
        }

    def matches(self, event: Event) -> bool:
        """Return whether an event passes. Fields that do not apply to its type are not compared."""
        known = EVENT_TYPES.get(event.type)
        return all(
            _MATCHERS[name](value, event.data)
            for name in (known.filters if known else ())
            if (value := getattr(self, name))
        )

    def check_types(self, types: Iterable[str]) -> None:
        """Raise ConfigurationError where a field can have no sense with these types.

        It applies to none of them, so that it has no effect, or none of those to which it applies can have its value,
        so that nothing passes.
        """
        chosen = tuple(types)
        for name, value in self.to_json().items():
            able = [each for each in EVENT_TYPES.values() if name in each.filters]
            affected = [each for each in able if each.name in chosen]
            if not affected:
                _refuse(
                    name,
                    f"the filter {name} does not apply to {', '.join(chosen)}",
                    f"Remove it, or add one of {_list_names(able)}.",
                    "filter_not_applicable",
                )
            if name == "direction" and not any(_can_have_direction(each, value) for each in affected):
                _refuse(
                    name,
                    f"the direction of {_list_names(affected)} is never {value}",
                    "Choose another direction, or add other events.",
                    "filter_not_applicable",
                )


def _list_names(types: Iterable[EventType]) -> str:
    return ", ".join(each.name for each in types)


def _can_have_direction(event_type: EventType, direction: str) -> bool:
    return any(field.name == "direction" and direction in field.choices for field in event_type.fields)


FILTER_HELP: Mapping[str, str] = {
    "extensions": "a list of extensions, one of which takes part",
    "direction": "the direction of the call",
    "number": "the number of a party, or the DID. Blanks do not matter, `+` and `00` are the same, and `*` at the "
    "start or the end stands for any digits: `+49 30*`",
    "group": "the number of the queue or ring group of a call, the queue of a chat, or the group of an entry of the "
    "event log, by number or name",
    "severity": "the lowest severity of entries of the event log",
}
"""The values of the fields, as documentation and help describe them."""

FILTER_FIELDS = tuple(field.name for field in fields(EventFilter))


def _match_extensions(extensions: tuple[str, ...], data: Mapping[str, Any]) -> bool:
    return data.get("extension") in extensions or not set(extensions).isdisjoint(data.get("extensions", ()))


def _match_direction(direction: str, data: Mapping[str, Any]) -> bool:
    return bool(data.get("direction") == direction)


def _match_number(number: str, data: Mapping[str, Any]) -> bool:
    pattern = parse_pattern(number)
    return pattern is not None and any(pattern.matches(data.get(name, "")) for name in _NUMBERS)


def _match_group(group: str, data: Mapping[str, Any]) -> bool:
    entry = data.get("logEntry", {})
    found = [*(data.get(name, "") for name in _GROUPS), entry.get("group", ""), entry.get("groupName", "")]
    return group.casefold() in (each.casefold() for each in found if each)


def _match_severity(severity: str, data: Mapping[str, Any]) -> bool:
    found = data.get("logEntry", {}).get("severity", "")
    return found in SEVERITIES and SEVERITIES.index(found) >= SEVERITIES.index(severity)


_MATCHERS: Mapping[str, Callable[[Any, Mapping[str, Any]], bool]] = {
    "extensions": _match_extensions,
    "direction": _match_direction,
    "number": _match_number,
    "group": _match_group,
    "severity": _match_severity,
}


def _read_extensions(value: object) -> tuple[str, ...]:
    if not isinstance(value, list | tuple):
        _refuse("extensions", f"extensions is {_show(value)}, not a list", 'Write ["100", "101"].')
    if len(value) > _MOST_EXTENSIONS:
        _refuse("extensions", f"extensions has {len(value)} entries", f"{_MOST_EXTENSIONS} are allowed.")
    for each in value:
        if not isinstance(each, str) or not each.strip():
            _refuse(
                "extensions",
                f"the extension {_show(each)} is not a number in quotes",
                'Write ["100", "101"].',
            )
        _check_text("extensions", each)
    return tuple(dict.fromkeys(each.strip() for each in value))


def _read_choice(name: str, value: object, choices: tuple[str, ...]) -> str:
    text = _read_text(name, value).lower()
    if text and text not in choices:
        hint = nearest_hint(text, choices) or f"Choose from {', '.join(choices)}."
        _refuse(name, f"the {name} {_show(value)} does not exist", hint)
    return text


def _read_number(value: object) -> str:
    text = _read_text("number", value)
    if text and parse_pattern(text) is None:
        _refuse(
            "number",
            f"the number {_show(value)} is not a telephone number",
            'Write digits, such as "+49 30 5550100", with "*" at the start or the end for any others.',
        )
    return text


def _read_text(name: str, value: object) -> str:
    if not isinstance(value, str):
        _refuse(name, f"{name} is {_show(value)}, not a text", f'Write {{"{name}": "…"}}.')
    _check_text(name, value)
    return value.strip()


def _check_text(name: str, value: str) -> None:
    if len(value) > _LONGEST_TEXT:
        _refuse(
            name,
            f"the {name} has {len(value)} characters",
            f"{_LONGEST_TEXT} are allowed; write a shorter one.",
        )
    if not value.isprintable():
        _refuse(name, f"the {name} {_show(value)} has control characters", "Remove them.")


def _show(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _LONGEST_TEXT // 4 else f"{text[: _LONGEST_TEXT // 4]}…"


def _refuse(field: str, message: str, advice: str, code: str = "bad_filter") -> NoReturn:
    raise ConfigurationError(
        message, description=advice, code=code, field=f"filter.{field}" if field else "filter"
    )
