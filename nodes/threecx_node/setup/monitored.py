"""Choose the DNs that a client monitors, and a free number for the client. Pure functions."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any

from ..errors import ConfigurationError, UnknownNameError, UsageError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

ALL = "all"
_EXTENSION = "Extension"
_NUMBER = re.compile(r"[A-Za-z0-9_.*-]{1,32}")
_SHOWN = 10

Peer = dict[str, Any]


def parse_extensions(text: str) -> tuple[str, ...] | None:
    """Return the numbers of `100,101`, each once; None for `all`. Raise UsageError where there is none."""
    numbers = tuple(dict.fromkeys(each.strip() for each in text.split(",") if each.strip()))
    if not numbers:
        raise UsageError(
            "--extensions names no extension", description="Write numbers such as 100,101, or all."
        )
    if ALL not in (each.casefold() for each in numbers):
        return numbers
    if len(numbers) > 1:
        raise UsageError(
            "--extensions names extensions beside all", description="Write numbers such as 100,101, or all."
        )
    return None


def check_number(number: str) -> str:
    """Return the number of a client. Raise UsageError for a text that cannot be one."""
    if not _NUMBER.fullmatch(number.strip()):
        raise UsageError(
            f"{number!r} cannot be the number of a client", description="Give a free number, such as 901."
        )
    return number.strip()


def choose_monitored(
    wanted: Sequence[str] | None, peers: Sequence[Peer], clients: Collection[str]
) -> list[Peer]:
    """Return the peers of the wanted numbers; of all extensions but those of API clients, where `wanted` is None.

    Raises UnknownNameError that names the numbers which the PBX does not have.
    """
    if wanted is None:
        found = [
            each for each in peers if each.get("Type") == _EXTENSION and each.get("Number") not in clients
        ]
        if not found:
            raise UnknownNameError("the PBX has no extension", description="Create a user first.")
        return found
    by_number = {str(each.get("Number")): each for each in peers}
    unknown = [each for each in wanted if each not in by_number]
    if unknown:
        noun = "extension" if len(unknown) == 1 else "extensions"
        raise UnknownNameError(
            f"the PBX has no {noun} {list_numbers(unknown)}; nothing was changed",
            description="`threecx execute ListUser -p '$select=Number'` lists the extensions.",
            field="extensions",
        )
    return [by_number[each] for each in wanted]


def choose_number(client_id: str, taken: Collection[str], peers: Sequence[Peer]) -> str:
    """Return a free number with the usual number of digits. Raise ConfigurationError if there is none."""
    lengths = Counter(len(str(each.get("Number"))) for each in peers if each.get("Type") == _EXTENSION)
    digits = len(client_id) if client_id.isdecimal() else (lengths.most_common(1) or [(3, 0)])[0][0]
    for number in range(9 * 10 ** (digits - 1), 10**digits):
        if str(number) not in taken:
            return str(number)
    raise ConfigurationError(
        "no number from 9 on is free for the client", description="Give a free number with --number."
    )


def describe_holder(number: str, peers: Sequence[Peer]) -> str:
    """Return what has a number: `an extension (Olivia Marlow)`; empty where nothing has it."""
    found = next((each for each in peers if str(each.get("Number")) == number), None)
    if found is None:
        return ""
    kind = str(found.get("Type") or "DN")
    name = f" ({found['Name']})" if found.get("Name") else ""
    return f"{kind}{name}"


def list_numbers(numbers: Sequence[str]) -> str:
    """Return numbers for a message: the first ones, and how many more there are."""
    more = f" and {len(numbers) - _SHOWN} more" if len(numbers) > _SHOWN else ""
    return ", ".join(numbers[:_SHOWN]) + more


def read_monitored(principal: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the numbers that a service principal monitors."""
    peers = principal.get("Peers") or ()
    return tuple(str(each["Number"]) for each in peers if isinstance(each, dict) and each.get("Number"))
