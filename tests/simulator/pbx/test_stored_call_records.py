"""Calls and a data file: live calls end with the simulator, and what was planned for ended ones goes on."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from threecx_node.simulator import Simulator, SimulatorConfig


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "office.sqlite"


def talk(pbx: Simulator) -> None:
    """Let 103 and 104 talk."""
    pbx.calls.clock.manual = True
    pbx.calls.make_call("103", "104")
    pbx.calls.pick_up("104", pbx.calls.participants("104")[0].id)
    pbx.calls.clock.advance(30)


def test_live_calls_end_with_the_simulator(file: Path) -> None:
    with Simulator(data=file) as pbx:
        talk(pbx)
        assert pbx.state.count("ActiveCalls") == 1
    with Simulator(data=file) as pbx:
        assert pbx.state.count("ActiveCalls") == 0
        assert pbx.calls.calls() == []
        row = pbx.state.entities("CallHistoryView")[-1]
        assert (row["SrcDn"], row["DstDn"], row["CallTime"]) == ("103", "104", "PT30.000000S")
        (detail,) = pbx.state.entities("(call segments)")
        assert (detail["Status"], detail["Recording"]) == ("Answered", None)


def test_recordings_are_finished_after_a_restart(file: Path) -> None:
    config = SimulatorConfig(data=file, recording_delay=3600, transcription_delay=7200)
    with Simulator(config) as pbx:
        talk(pbx)
    with Simulator(config) as pbx:
        pbx.calls.clock.manual = True
        assert pbx.state.count("Recordings") == 5
        pbx.calls.clock.advance(3700)
        recording = pbx.state.entities("Recordings")[-1]
        assert (pbx.state.count("Recordings"), recording["IsTranscribed"]) == (6, False)
    with Simulator(config) as pbx:
        pbx.calls.clock.manual = True
        pbx.calls.clock.advance(3700 + 7200)
        assert pbx.state.entities("Recordings")[-1]["IsTranscribed"] is True
        assert pbx.state.entities("(recording work)") == []


def test_recordings_are_finished_by_the_same_simulator() -> None:
    pbx = Simulator()
    with pbx:
        talk(pbx)
    with pbx:
        pbx.calls.clock.advance(60)
        assert pbx.state.entities("Recordings")[-1]["IsTranscribed"] is True


def test_live_calls_are_never_in_the_file(file: Path) -> None:
    """A killed process leaves no call behind, neither now nor from a file of an older simulator."""
    with Simulator(data=file) as pbx:
        talk(pbx)
        pbx.state.reset()
        talk(pbx)
    with closing(sqlite3.connect(file)) as database:
        names = {name for (name,) in database.execute("SELECT DISTINCT tab FROM entity")}
        assert "ActiveCalls" not in names
        put = "INSERT INTO entity (tab, key, version, value) VALUES (?, 1, 1, ?)"
        database.execute(put, ("ActiveCalls", b'{"Id": 1, "Caller": "101", "Callee": "102"}'))
        database.execute(put, ("(calls)", b'{"caller": "101", "callee": "102"}'))
        database.commit()
    with Simulator(data=file) as pbx:
        assert pbx.state.count("ActiveCalls") == 0
        talk(pbx)
        assert pbx.state.count("ActiveCalls") == 1
