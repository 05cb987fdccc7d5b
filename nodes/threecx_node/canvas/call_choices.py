"""List the DNs and the phones that an operation of the Call Control API can be about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..catalog.call_control import DEVICE_ID, DN, LIST_DEVICES, LIST_DNS
from ..errors import InputError, UnknownNameError
from ..execution.results import Item
from ..options import INTERACTIVE_RETRY_TIME, Options
from ..values.undefined import is_missing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..execution.executor import Executor

_TYPES: Mapping[str, str] = {
    "Wextension": "extension",
    "Wexternalline": "trunk",
    "Wivr": "digital receptionist",
    "Wparkextension": "parking place",
    "Wqueue": "queue",
    "Wringgroup": "ring group",
    "Wroutepoint": "route point",
    "Wspecialmenu": "special menu",
}


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
        rows = await _read(executor, LIST_DNS, {}, traceparent)
        choices = [_describe_dn(each) for each in rows if each.get("dn")]
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
    words = (text or "").casefold().split()
    return [each for each in choices if all(word in each["name"].casefold() for word in words)]


async def _read(
    executor: Executor, operation: str, parameters: Mapping[str, Any], traceparent: str
) -> list[Mapping[str, Any]]:
    options = Options(interactive=True, retry_time=INTERACTIVE_RETRY_TIME, traceparent=traceparent)
    batch = await executor.run(operation, [Item({}, parameters)], options=options)
    batch.raise_for_error()
    return [item["json"] for item in batch.results[0].items or ()]


def _describe_dn(row: Mapping[str, Any]) -> dict[str, Any]:
    kind = str(row.get("type") or "")
    kind = _TYPES.get(kind, kind)
    return {"name": f"{row['dn']} ({kind})" if kind else str(row["dn"]), "value": row["dn"]}


def _describe_device(row: Mapping[str, Any]) -> dict[str, Any]:
    agent, device = row.get("user_agent"), row["device_id"]
    return {"name": f"{agent} ({device})" if agent else str(device), "value": device}
