"""The state as tests see it: copies, and the reset to the seed."""

from __future__ import annotations

import httpx

from threecx_node.simulator import Simulator


def test_state_returns_copies(pbx: Simulator, api: httpx.Client) -> None:
    taken = pbx.state.entities("Users")[0]
    taken["FirstName"] = "Mallory"
    taken["Hours"]["Type"] = "Never"
    assert api.get("Users(Number='100')").json()["FirstName"] == "Olivia"
    stored = pbx.state.get("Users", taken["Id"])
    assert stored is not None
    assert stored["Hours"]["Type"] == "OfficeHours"
    assert pbx.state.get("Users", 99999) is None


def test_reset_puts_the_seed_back(pbx: Simulator, api: httpx.Client) -> None:
    before = pbx.state.entities("CallFlowApps")
    tag = api.get(f"CallFlowApps({before[0]['Id']})").headers["etag"]
    for app in before:
        assert api.delete(f"CallFlowApps({app['Id']})").status_code == 204
    assert pbx.state.entities("CallFlowApps") == []
    pbx.state.reset()
    assert pbx.state.entities("CallFlowApps") == before
    # The ids are the same, but old ETags do not match.
    path = f"CallFlowApps({before[0]['Id']})"
    assert api.delete(path, headers={"If-Match": tag}).status_code == 412
