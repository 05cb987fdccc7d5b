"""A trunk that loses its registration, and recordings that are listed before their file is there."""

from __future__ import annotations

import httpx
import pytest

from threecx_node.errors import ConfigurationError
from threecx_node.simulator import Simulator


def read_state(api: httpx.Client) -> bool:
    [trunk] = api.get("Trunks?$filter=Number eq '10000'&$select=IsOnline").json()["value"]
    state: bool = trunk["IsOnline"]
    return state


def test_a_trunk_goes_down_and_up(pbx: Simulator, api: httpx.Client) -> None:
    entries = pbx.state.count("EventLogs")
    pbx.set_trunk("10000", online=False)
    assert read_state(api) is False
    status = api.get("SystemStatus").json()
    assert status["TrunksRegistered"] == status["TrunksTotal"] - 1
    # The same state again is not a change.
    pbx.set_trunk("10000", online=False)
    pbx.set_trunk("10000", online=True)
    assert read_state(api) is True
    down, up = pbx.state.entities("EventLogs")[entries:]
    assert (down["Type"], up["Type"], down["Params"]) == ("Error", "Info", ["10000"])
    for number in ("101", "unknown"):
        with pytest.raises(ConfigurationError, match="not the number of a trunk"):
            pbx.set_trunk(number, online=True)


def test_a_recording_is_listed_before_its_file() -> None:
    with Simulator(manual_clock=True, file_delay=30) as pbx:
        headers = {"Authorization": f"Bearer {pbx.token()}"}
        with httpx.Client(base_url=f"{pbx.base_url}/xapi/v1/", headers=headers) as api:
            call = pbx.calls.internal("101", "102")
            call.answer("102")
            pbx.calls.clock.advance(10)
            call.hang_up()
            pbx.calls.clock.advance(10)
            [recording] = api.get("Recordings?$orderby=Id desc&$top=1").json()["value"]
            path = f"Recordings/Pbx.DownloadRecording(recId={recording['Id']})"
            assert api.get(path).status_code == 404
            pbx.calls.clock.advance(30)
            assert api.get(path).headers["content-type"] == "audio/x-wav"
