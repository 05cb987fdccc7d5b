"""Fill in the offset from UTC by which a report groups its rows into days and hours: that of the batch's time zone."""

from __future__ import annotations

from datetime import datetime, tzinfo
from typing import TYPE_CHECKING, Any

from ..values.coerce import CoercionError, coerce_local_time
from ..values.undefined import is_missing

if TYPE_CHECKING:
    from collections.abc import Mapping

CLIENT_TIME_ZONE = "clientTimeZone"
# The beginning of the period: the offset of a zone depends on the day.
_BEGINNINGS = ("periodFrom", "startDt", "chartDate")


def fill_time_zone(parameters: Mapping[str, Any], time_zone: tzinfo) -> Mapping[str, Any]:
    """Return the parameters with `clientTimeZone`, where it is not given or empty."""
    if not is_missing(parameters.get(CLIENT_TIME_ZONE)):
        return parameters
    offset = f"{_find_moment(parameters, time_zone):%z}"
    return {**parameters, CLIENT_TIME_ZONE: f"{offset[:3]}:{offset[3:5]}"}


def _find_moment(parameters: Mapping[str, Any], time_zone: tzinfo) -> datetime:
    for name in _BEGINNINGS:
        value = parameters.get(name)
        if not is_missing(value):
            try:
                return coerce_local_time(value, time_zone)
            except CoercionError:
                # A value that is wrong is reported as an error of that parameter.
                break
    return datetime.now(time_zone)
