"""ETags and If-Match."""

from __future__ import annotations

import httpx

from tests.simulator.support import create
from threecx_node.simulator import Simulator


def test_etags_of_call_flow_apps(pbx: Simulator, api: httpx.Client) -> None:
    first = pbx.state.entities("CallFlowApps")[0]
    path = f"CallFlowApps({first['Id']})"
    answer = api.get(path)
    tag = answer.headers["etag"]
    assert answer.json()["@odata.etag"] == tag
    assert api.get("CallFlowApps").json()["value"][0]["@odata.etag"] == tag
    assert api.get(f"{path}?$select=Id").json()["@odata.etag"] == tag
    assert api.get(path).headers["etag"] == tag

    changed = api.patch(path, json={"Name": "Changed"}, headers={"If-Match": tag})
    assert changed.status_code == 204
    new_tag = changed.headers["etag"]
    assert new_tag != tag
    assert api.get(path).headers["etag"] == new_tag

    for stale in (tag, '"nonsense"', "nonsense"):
        for method in ("DELETE", "PATCH"):
            refused = api.request(method, path, json={"Name": "x"}, headers={"If-Match": stale})
            assert refused.status_code == 412
            assert "If-Match" in refused.json()["error"]["message"]
    assert api.get(path).json()["Name"] == "Changed"

    assert api.patch(path, json={"Name": "Again"}, headers={"If-Match": "*"}).status_code == 204
    assert api.patch(path, json={"Name": "And again"}).status_code == 204
    last = api.get(path).headers["etag"]
    assert api.delete(path, headers={"If-Match": f'"other", {last}'}).status_code == 204
    assert api.get(path).status_code == 404


def test_if_match_on_entities_without_etag(api: httpx.Client) -> None:
    contact = create(api, "Contacts", FirstName="A")
    path = f"Contacts({contact['Id']})"
    assert api.delete(path, headers={"If-Match": 'W/"1"'}).status_code == 412
    assert api.delete(path, headers={"If-Match": "*"}).status_code == 204
