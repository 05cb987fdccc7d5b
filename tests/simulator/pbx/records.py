"""Let people answer and hang up, and read the call log."""

from __future__ import annotations

from typing import Any

import httpx

from threecx_node.simulator import Simulator
from threecx_node.simulator.calls.models import Leg

EVERYTHING = (
    "periodFrom=2026-04-01T00:00:00Z,periodTo=2099-01-01T00:00:00Z,sourceType=0,sourceFilter='',destinationType=0,"
    "destinationFilter='',callsType=0,callTimeFilterType=0,callTimeFilterFrom='0:00:0',callTimeFilterTo='0:00:0',"
    "hidePcalls={hide}"
)
PERIOD = "periodFrom=2026-04-01T00:00:00Z,periodTo=2099-01-01T00:00:00Z"
CALLER = "+12025550114"


def answer(pbx: Simulator, dn: str) -> Leg:
    """Answer at the first phone of a DN that rings."""
    leg = next(each for each in pbx.calls.participants(dn) if each.status == "Ringing")
    pbx.calls.pick_up(dn, leg.id)
    return leg


def hang_up(pbx: Simulator, dn: str) -> None:
    """Hang up at the first phone of a DN."""
    pbx.calls.act(dn, pbx.calls.participants(dn)[0].id, "drop")


def read_log(api: httpx.Client, name: str = "GetCallLogData", *, hide: bool = False) -> list[dict[str, Any]]:
    """Return all rows of the call log; `hide` leaves out those that hidePcalls hides."""
    path = f"ReportCallLogData/Pbx.{name}({EVERYTHING.format(hide=str(hide).lower())})"
    answered = api.get(path)
    assert answered.status_code == 200, answered.text
    rows: list[dict[str, Any]] = answered.json()["value"]
    return rows
