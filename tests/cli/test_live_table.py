"""The table of live calls: widths, times, notes."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.callcontrol.leg_changes import PBX, at
from threecx_node.callcontrol.call_events import CallEvent
from threecx_node.cli.live_table import LiveTable, describe_event, make_call_table

EVENT = CallEvent(
    id="1",
    type="call.ended",
    time=at(0),
    pbx=PBX,
    inferred=True,
    call_id=1,
    dn="100",
    participant_id=7,
    direction="inbound",
    extension="100",
    caller_number="+493012345678\x1b[31m",
    called_number="800",
    queue="800",
    transferred_from="101",
    answered_at=at(0),
    ended_at=at(0) + timedelta(seconds=3725),
)


@pytest.mark.parametrize("width", [80, 99, 100, 140])
def test_rows_fit_the_terminal(monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    table = make_call_table()
    head = table.render_head().decode()
    row = table.render_row(describe_event(EVENT)).decode()
    assert head.endswith("note\n")
    assert row.count("\n") == head.count("\n") == 1
    assert max(len(head), len(row)) - 1 <= width
    assert row.index(" 100 ") == head.index(" ext ")
    assert "\x1b" not in row
    assert "after" in row


def test_notes() -> None:
    assert describe_event(EVENT)[-1] == "after 1:02:05, by 101, inferred"


def test_a_narrow_terminal_keeps_all_columns() -> None:
    assert LiveTable({"time": 8, "number": 16}, 10).render_head().decode().split() == [
        "time",
        "number",
        "note",
    ]
