"""REST requests: reads, calls, actions, and the errors of those that are not valid."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import httpx
import pytest

from threecx_node.simulator import Simulator

from .client import find_participant, make_call


def test_the_dns_that_the_client_sees(http: httpx.Client) -> None:
    answer = http.get("")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("application/json")
    dns = {each["dn"]: each for each in answer.json()}
    assert next(iter(dns)) == "900"
    assert {number: dns[number]["type"] for number in ("900", "101", "800", "820")} == {
        "900": "Wroutepoint",
        "101": "Wextension",
        "800": "Wqueue",
        "820": "Wivr",
    }
    # Route points, queues and receptionists can make calls too.
    assert all(dns[number]["devices"] for number in ("900", "101", "800", "820"))
    assert dns["101"] == http.get("/101").json()
    assert dns["101"]["devices"] == http.get("/101/devices").json()
    assert dns["101"]["participants"] == http.get("/101/participants").json() == []


def test_a_device_is_found_by_its_encoded_id(http: httpx.Client) -> None:
    device = http.get("/101/devices").json()[0]
    assert device["dn"] == "101"
    assert device["user_agent"]
    assert http.get(f"/101/devices/{quote(device['device_id'], safe='')}").json() == device
    assert http.get("/101/devices/sip%3Anone").status_code == 404


def test_a_call_from_a_device(http: httpx.Client) -> None:
    participant = make_call(http, "101", "102")
    assert participant == http.get(f"/101/participants/{participant['id']}").json()
    assert participant["status"] == "Dialing"
    assert participant["party_dn"] == "102"
    assert participant["party_dn_type"] == "Wextension"
    assert set(participant) == {
        "id", "status", "dn", "party_caller_name", "party_dn", "party_caller_id", "party_did", "device_id",
        "party_dn_type", "direct_control", "originated_by_dn", "originated_by_type", "referred_by_dn",
        "referred_by_type", "on_behalf_of_dn", "on_behalf_of_type", "callid", "legid",
    }  # fmt: skip
    other = find_participant(http, "102")
    assert (other["status"], other["party_dn"], other["callid"]) == ("Ringing", "101", participant["callid"])


def test_a_call_from_a_dn(http: httpx.Client) -> None:
    answer = http.post(
        "/102/makecall", json={"destination": "103", "timeout": 30, "attacheddata": {"a": "1"}}
    )
    assert answer.status_code == 202
    assert answer.json()["finalstatus"] == "Success"
    assert answer.json()["result"]["dn"] == "102"


def test_an_action_and_a_participant_that_is_gone(http: httpx.Client) -> None:
    participant = make_call(http, "101", "102")
    path = f"/101/participants/{participant['id']}"
    dropped = http.post(f"{path}/drop", json={})
    assert dropped.status_code == 200
    assert dropped.json()["finalstatus"] == "Success"
    assert http.get(path).status_code == 404
    again = http.post(f"{path}/drop", json={})
    assert again.status_code == 404
    assert again.json()["finalstatus"] == "Failed"
    assert str(participant["id"]) in again.json()["reasontext"]


def test_the_participant_of_another_dn_is_refused(http: httpx.Client) -> None:
    participant = make_call(http, "101", "102")
    answer = http.post(f"/102/participants/{participant['id']}/drop", json={})
    assert (answer.status_code, answer.json()["finalstatus"]) == (403, "Failed")


def test_an_action_in_the_wrong_state(http: httpx.Client) -> None:
    participant = make_call(http, "101", "102")
    answer = http.post(f"/101/participants/{participant['id']}/transferto", json={"destination": "103"})
    assert (answer.status_code, answer.json()["finalstatus"]) == (422, "Failed")


def test_an_unknown_destination_is_a_failed_dependency(http: httpx.Client) -> None:
    answer = http.post("/101/makecall", json={"destination": "199"})
    assert (answer.status_code, answer.json()["finalstatus"]) == (424, "Failed")
    assert answer.json()["reasontext"]


def test_a_stale_device_is_not_found(http: httpx.Client, pbx: Simulator) -> None:
    old = http.get("/101/devices").json()[0]["device_id"]
    pbx.calls.reregister(old)
    assert http.get(f"/101/devices/{quote(old, safe='')}").status_code == 404
    answer = http.post(f"/101/devices/{quote(old, safe='')}/makecall", json={"destination": "102"})
    assert answer.status_code in (404, 424)
    assert answer.json()["finalstatus"] == "Failed"


def test_every_post_needs_json_and_its_type(http: httpx.Client) -> None:
    path = f"/101/participants/{make_call(http, '101', '102')['id']}/drop"
    assert http.post(path).status_code == 415
    assert http.post(path, content=b"{}", headers={"content-type": "text/plain"}).status_code == 415
    typed = {"content-type": "application/json; charset=utf-8"}
    for body in (b"", b"{", b"[]", b"null", b'"text"'):
        assert http.post(path, content=body, headers=typed).status_code == 400, body
    assert http.post(path, content=b"{}", headers=typed).status_code == 200


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 422),
        ({"destination": ""}, 422),
        ({"destination": "  "}, 422),
        ({"destination": 102}, 400),
        ({"destination": ["102"]}, 400),
        ({"destination": "102", "timeout": "30"}, 400),
        ({"destination": "102", "timeout": -1}, 400),
        ({"destination": "102", "timeout": True}, 400),
        ({"destination": "102", "attacheddata": "text"}, 400),
        ({"destination": "102", "attacheddata": [1]}, 400),
        ({"destination": "102", "attacheddata": {"a": "x" * 10_000}}, 400),
        ({"destination": "102", "reason": "Whim"}, 400),
        ({"destination": "102\r\nX: y"}, 424),
        ({"destination": "Ünknown"}, 424),
    ],
)
def test_bad_bodies(http: httpx.Client, body: dict[str, Any], status: int) -> None:
    assert http.post("/101/makecall", json=body).status_code == status
    assert http.get("/101/participants").json() == []


def test_attached_data_that_is_nested_too_deeply(http: httpx.Client) -> None:
    deep = b'{"attacheddata": ' + b'{"a":' * 300 + b"1" + b"}" * 301
    answer = http.post("/101/makecall", content=deep, headers={"content-type": "application/json"})
    assert answer.status_code == 400


def test_an_action_without_what_it_needs(http: httpx.Client) -> None:
    path = f"/101/participants/{make_call(http, '101', '102')['id']}"
    for action in ("divert", "routeto", "transferto", "attach_participant_data", "attach_party_data"):
        assert http.post(f"{path}/{action}", json={}).status_code == 422


def test_fields_are_found_in_any_case(http: httpx.Client) -> None:
    assert http.post("/101/makecall", json={"Destination": "102"}).status_code == 202


def test_unknown_paths_and_methods(http: httpx.Client) -> None:
    assert http.get("/101/calls").status_code == 404
    assert http.delete("/101").status_code == 405
    assert http.get("/101/makecall").headers["allow"] == "POST"
    assert http.put("/101/participants/1/drop", json={}).status_code == 405
    assert http.get("/ws").status_code == 426


def test_a_large_body_is_refused(http: httpx.Client) -> None:
    content = b'{"destination": "' + b"1" * 11_000_000 + b'"}'
    answer = http.post("/101/makecall", content=content, headers={"content-type": "application/json"})
    assert answer.status_code == 413


def test_requests_are_recorded(http: httpx.Client, pbx: Simulator) -> None:
    pbx.forget_requests()
    make_call(http, "101", "102")
    assert [(each.method, each.status) for each in pbx.requests] == [("GET", 200), ("POST", 202)]
    assert pbx.requests[1].json() == {"destination": "102"}
    assert pbx.requests[1].headers["authorization"] == "***"
