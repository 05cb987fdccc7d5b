"""List the DNs and the phones that an operation of the Call Control API can be about."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ..catalog.call_control import DEVICE_ID, DN, LIST_DEVICES, LIST_DNS
from ..errors import InputError, ResponseError, UnknownNameError
from ..execution.results import Item
from ..options import INTERACTIVE_RETRY_TIME, Options
from ..values.undefined import is_missing

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ..execution.executor import Executor

_EXTENSION = "extension"
_TYPES: Mapping[str, str] = {
    "Wextension": _EXTENSION,
    "Wexternalline": "trunk",
    "Wivr": "digital receptionist",
    "Wparkextension": "parking place",
    "Wqueue": "queue",
    "Wringgroup": "ring group",
    "Wroutepoint": "route point",
    "Wspecialmenu": "special menu",
}
_LIST_PEERS, _NUMBER, _NAME = "ListPeer", "Number", "Name"
# Of more DNs than this, all names are read: a filter has to fit into a URL.
_MOST_ASKED = 50
_BETWEEN_WORDS = re.compile(r"[\s(),]+")


async def list_call_choices(
    executor: Executor,
    operation: str,
    parameter: str | None,
    parameters: Mapping[str, Any],
    text: str | None,
    *,
    traceparent: str = "",
) -> list[dict[str, Any]]:
    """Return `name` and `value` of all DNs, or of the devices of one, whose name contains `text`.

    `parameters` are the other parameters of the operation: devices are those of its `dn`. Raises ThreeCxError.
    """
    if parameter in (None, DN):
        rows = [each for each in await _read(executor, LIST_DNS, {}, traceparent) if each.get("dn")]
        names = await _read_names(executor, [str(each["dn"]) for each in rows], traceparent)
        choices = [_describe_dn(each, names) for each in rows]
    elif parameter == DEVICE_ID:
        if is_missing(dn := parameters.get(DN)):
            raise InputError(
                "the extension is not chosen yet, so its devices are not known",
                description="Choose the extension first; or leave the device empty for the only registered one.",
                field=DN,
            )
        rows = await _read(executor, LIST_DEVICES, {DN: dn}, traceparent)
        choices = [_describe_device(each) for each in rows if each.get("device_id")]
    else:
        raise UnknownNameError(
            f"{parameter} of {operation}: 3CX has no list to choose from",
            description="Set the value itself.",
            field=parameter,
        )
    return find_words(choices, text)


def find_words(choices: Iterable[dict[str, Any]], text: str | None) -> list[dict[str, Any]]:
    """Return the choices whose name contains each word of `text`, in any case and order."""
    words = _BETWEEN_WORDS.sub(" ", text or "").casefold().split()
    return [each for each in choices if all(word in each["name"].casefold() for word in words)]


async def _read_names(executor: Executor, numbers: Sequence[str], traceparent: str) -> Mapping[str, str]:
    """Return the names of DNs by number; a client that may only control calls gets none."""
    if not numbers:
        return {}
    parameters: dict[str, Any] = {"$select": [_NUMBER, _NAME], "returnAll": True}
    if len(numbers) <= _MOST_ASKED:
        quoted = ("'" + number.replace("'", "''") + "'" for number in numbers)
        parameters["$filter"] = " or ".join(f"{_NUMBER} eq {each}" for each in quoted)
    try:
        peers = await _read(executor, _LIST_PEERS, parameters, traceparent)
    except ResponseError:
        return {}
    names = ((str(each.get(_NUMBER)), str(each.get(_NAME) or "")) for each in peers)
    return {number: name for number, name in names if name not in ("", number)}


async def _read(
    executor: Executor, operation: str, parameters: Mapping[str, Any], traceparent: str
) -> list[Mapping[str, Any]]:
    options = Options(interactive=True, retry_time=INTERACTIVE_RETRY_TIME, traceparent=traceparent)
    batch = await executor.run(operation, [Item({}, parameters)], options=options)
    batch.raise_for_error()
    return [item["json"] for item in batch.results[0].items or ()]


def _describe_dn(row: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    dn, kind = str(row["dn"]), str(row.get("type") or "")
    name, kind = names.get(dn, ""), _TYPES.get(kind, kind)
    if not name:
        return {"name": f"{dn} ({kind})" if kind else dn, "value": row["dn"]}
    # Most are extensions, which the name of a person says.
    details = dn if kind in ("", _EXTENSION) else f"{dn}, {kind}"
    return {"name": f"{name} ({details})", "value": row["dn"]}


def _describe_device(row: Mapping[str, Any]) -> dict[str, Any]:
    agent, device = row.get("user_agent"), row["device_id"]
    return {"name": f"{agent} ({device})" if agent else str(device), "value": device}
