"""Subscriptions over HTTP: how they are made, shown, tested and removed, and what is refused."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.service.conftest import pbx_of, serving
from tests.service.event_callers import (
    OUTSIDE,
    PROFILE,
    Receiver,
    profiles_of,
    receiving,
    serving_events,
    subscribe,
    wish,
)
from threecx_node.events.store.open_store import open_event_store
from threecx_node.service.pbx_access import PbxAccess
from threecx_node.simulator import Client, Simulator

URL = "http://127.0.0.1:9/hook/planted-path"
SECRET = "whsec_cGxhbnRlZC13ZWJob29rLXNlY3JldC0yNA=="


@pytest.fixture(scope="module")
def office() -> Iterator[Simulator]:
    with Simulator() as running:
        yield running


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, office: Simulator) -> Iterator[httpx.Client]:
    with serving_events(tmp_path_factory.mktemp("state"), office) as client:
        yield client


@pytest.fixture
def service(shared: httpx.Client) -> Iterator[httpx.Client]:
    """The service that tests share, and leave without subscriptions."""
    yield shared
    for each in shared.get("/v1/subscriptions").json()["subscriptions"]:
        shared.delete(f"/v1/subscriptions/{each['id']}")


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as running:
        yield running


def test_a_subscription_from_beginning_to_end(
    service: httpx.Client, office: Simulator, receiver: Receiver
) -> None:
    answer = service.post(
        "/v1/subscriptions", json=wish(receiver.url, "call.ringing", "call.missed", description="Desk")
    )
    made = answer.json()
    path = f"/v1/subscriptions/{made['id']}"
    assert (answer.status_code, answer.headers["location"]) == (201, path)
    assert made["pbx"] == {**PROFILE, "baseUrl": office.base_url, "clientId": office.client_id}
    assert made["secret"].startswith("whsec_")
    assert (made["state"], made["problems"], made["description"]) == ("active", [], "Desk")
    assert made["deliveries"] == {"pending": 0, "delivered": 0, "failed": 0, "dropped": 0}

    tested = service.post(f"{path}/test").json()
    assert tested == {"delivered": True, "statusCode": 204}
    assert receiver.take()["type"] == "test"

    wait_for_feed(service)
    miss_a_call(office, receiver)
    event = receiver.take()
    assert (event["type"], event["extension"], event["schemaVersion"]) == ("call.missed", "103", 1)

    shown = wait_until(lambda: service.get(path).json(), lambda found: found["deliveries"]["delivered"] == 2)
    [delivery, _] = service.get(f"{path}/deliveries").json()["deliveries"]
    assert (delivery["eventId"], delivery["event"], delivery["result"]) == (
        event["id"],
        "call.missed",
        "delivered",
    )
    assert (delivery["attempts"], delivery["statusCode"]) == (1, 204)
    assert service.get("/v1/subscriptions").json() == {"subscriptions": [shown]}
    metrics = service.get("/metrics").text
    assert 'threecx_events_total{type="call.missed"} 1.0' in metrics
    assert 'threecx_deliveries_total{result="delivered"} 2.0' in metrics
    assert 'threecx_subscriptions{state="active"} 1.0' in metrics
    assert "threecx_deliveries_pending 0.0" in metrics
    assert 'threecx_feed_connected{pbx="127.0.0.1:' in metrics

    assert service.delete(path).status_code == 204
    for gone in (service.get(path), service.delete(path), service.post(f"{path}/test")):
        assert (gone.status_code, gone.json()["code"]) == (404, "unknown_subscription")


def test_no_secret_is_shown_again(
    service: httpx.Client, office: Simulator, caplog: pytest.LogCaptureFixture
) -> None:
    pbx = pbx_of(office)
    with caplog.at_level(logging.INFO, "threecx.service"):
        made = service.post("/v1/subscriptions", json={**wish(URL, secret=SECRET), "pbx": pbx})
        found = service.get(f"/v1/subscriptions/{made.json()['id']}")
        listed = service.get("/v1/subscriptions")
    assert made.status_code == 201
    assert "secret" not in made.json()
    for text in (made.text, found.text, listed.text, service.get("/metrics").text, caplog.text):
        assert SECRET not in text
        assert pbx["clientSecret"] not in text
    assert "planted-path" not in caplog.text
    assert f"subscription {made.json()['id']} added: call.missed of 127.0.0.1:" in caplog.text


@pytest.mark.parametrize(
    ("more", "code", "words"),
    [
        ({"events": ["call.mised"]}, "unknown_event", "call.missed"),
        ({"events": []}, "no_events", "Choose at least one"),
        ({"filter": {"extension": ["100"]}}, "unknown_filter", "extensions"),
        ({"filter": {"direction": "inbund"}}, "bad_filter", "inbound"),
        ({"filter": ["100"]}, "bad_filter", "not a JSON object"),
        ({"filter": {"severity": "error"}}, "filter_not_applicable", "event_log.new"),
        ({"url": "ftp://n8n.example.com/"}, "webhook_url", "http"),
        ({"url": "http://user:pass@n8n.example.com/"}, "webhook_url", "Remove them"),
        ({"url": "http://169.254.169.254/latest"}, "webhook_url", "169.254.169.254"),
        ({"url": ""}, "webhook_url", "missing"),
        ({"url": f"http://n8n.example.com/{'x' * 3000}"}, "usage", "url"),
        ({"secret": "whsec_c2hvcnQ="}, "webhook_secret", "too short"),
        ({"secret": "too short"}, "webhook_secret", "whsec_"),
        ({"concurrency": 0}, "usage", "concurrency"),
        ({"topics": []}, "usage", "topics"),
        ({"pbx": {"profile": "offices"}}, "configuration", "office"),
        ({"pbx": {}}, "configuration", ""),
    ],
)
def test_bad_subscriptions(service: httpx.Client, more: dict[str, Any], code: str, words: str) -> None:
    refused = service.post("/v1/subscriptions", json={**wish(URL), **more})
    problem = refused.json()
    assert (refused.status_code, problem["code"]) == (422, code), problem
    assert refused.headers["content-type"] == "application/problem+json"
    assert words in f"{problem['detail']} {problem.get('description')}"
    assert "pass@" not in refused.text
    assert service.get("/v1/subscriptions").json() == {"subscriptions": []}


def test_urls_that_are_refused(tmp_path: Path, simulator: Simulator) -> None:
    with serving_events(tmp_path, simulator, allowed_webhooks=("n8n.example.com:5678",)) as client:
        refused = client.post("/v1/subscriptions", json=wish("http://127.0.0.1:9/"))
        assert (refused.status_code, refused.json()["code"]) == (422, "webhook_not_allowed")
        assert subscribe(client, "http://n8n.example.com:5678/hook")["state"] == "active"


@pytest.mark.parametrize("limit", ["0", "-1", "501", "ten", "٣"])
def test_bad_limits(service: httpx.Client, limit: str) -> None:
    refused = service.get(f"/v1/subscriptions/{uuid4()}/deliveries", params={"limit": limit})
    assert (refused.status_code, "limit is" in refused.json()["detail"]) == (422, True)


def test_ids_that_are_not_uuids(service: httpx.Client) -> None:
    assert service.get("/v1/subscriptions/1").json()["code"] == "unknown_path"
    assert service.put("/v1/subscriptions").json()["code"] == "method"


def test_a_test_event_can_be_a_sample_and_says_why_it_failed(
    service: httpx.Client, receiver: Receiver
) -> None:
    made = subscribe(service, receiver.url)
    path = f"/v1/subscriptions/{made['id']}/test"
    assert service.post(path, json={"event": "call.missed", "pbx": PROFILE}).json()["delivered"]
    headers, _ = receiver.got.get(timeout=30)
    assert headers["webhook-id"].startswith("test_")
    assert service.post(path, json={"event": "call.mised"}).json()["code"] == "unknown_event"
    receiver.status = 404
    failed = service.post(path).json()
    assert (failed["delivered"], failed["statusCode"]) == (False, 404)
    assert failed["advice"]
    away = subscribe(service, "http://127.0.0.1:9/")
    failed = service.post(f"/v1/subscriptions/{away['id']}/test").json()
    assert (failed["delivered"], "statusCode" in failed) == (False, False)
    assert failed["problem"]


def test_redirects_to_another_host_are_not_followed(service: httpx.Client, receiver: Receiver) -> None:
    with receiving() as other:
        receiver.status, receiver.location = 307, other.url
        path = f"/v1/subscriptions/{subscribe(service, receiver.url)['id']}/test"
        answer = service.post(path).json()
        assert other.got.empty()
    assert (answer["delivered"], answer["statusCode"]) == (False, 307)
    assert "redirects" in answer["problem"]


def test_a_receiver_that_is_gone_parks_the_subscription(
    service: httpx.Client, office: Simulator, receiver: Receiver
) -> None:
    path = f"/v1/subscriptions/{subscribe(service, receiver.url, 'call.ringing', 'call.missed')['id']}"
    wait_for_feed(service)
    call = office.calls.inbound(OUTSIDE, to="103")
    receiver.take()
    receiver.status = 410
    call.hang_up()
    parked = wait_until(lambda: service.get(path).json(), lambda found: found["state"] == "parked")
    assert parked["stateReason"]
    assert 'threecx_subscriptions{state="parked"} 1.0' in service.get("/metrics").text
    receiver.status = 204
    assert service.post(f"{path}/resume").json()["state"] == "active"
    receiver.take()
    assert receiver.take()["type"] == "call.missed"


def test_a_client_without_the_right(
    tmp_path: Path, threecx_simulator_factory: Callable[..., Simulator]
) -> None:
    pbx = threecx_simulator_factory(clients=[Client("crm", "its-key", call_control=False)])
    own = {**pbx_of(pbx), "clientId": "crm", "clientSecret": "its-key"}
    with serving_events(tmp_path, pbx) as client:
        refused = client.post("/v1/subscriptions", json={**wish(URL, "call.ringing"), "pbx": own})
        assert (refused.status_code, refused.json()["code"]) == (403, "call_control_forbidden")
        checked = client.post(
            "/v1/subscriptions/check", json={"pbx": own, "events": ["call.ringing", "user.created"]}
        )
        [problem] = checked.json()["problems"]
        assert (problem["events"], problem["isFinal"]) == (["call.ringing"], True)
        made = client.post(
            "/v1/subscriptions", json={**wish(URL, "call.ringing", "user.created"), "pbx": own}
        )
        assert made.status_code == 201
        assert made.json()["problems"] == [problem]


def test_extensions_that_the_client_does_not_monitor(tmp_path: Path, simulator: Simulator) -> None:
    with serving_events(tmp_path, simulator) as client:
        asked = {
            "pbx": pbx_of(simulator),
            "events": ["call.ringing"],
            "filter": {"extensions": ["101", "9999"]},
        }
        [problem] = client.post("/v1/subscriptions/check", json=asked).json()["problems"]
        assert (problem["code"], problem["message"]) == ("not_monitored", "the client does not monitor 9999")
        wrong = client.post("/v1/subscriptions/check", json={**asked, "filter": {"extension": ["101"]}})
        assert (wrong.status_code, wrong.json()["code"]) == (422, "unknown_filter")


def test_a_wrong_api_key_and_a_pbx_that_is_away(tmp_path: Path, simulator: Simulator) -> None:
    with serving_events(tmp_path, simulator) as client:
        wrong = {**pbx_of(simulator), "clientSecret": "another"}
        refused = client.post("/v1/subscriptions", json={**wish(URL), "pbx": wrong})
        assert refused.status_code in (403, 502), refused.text
        away = {**pbx_of(simulator), "baseUrl": "http://127.0.0.1:9"}
        refused = client.post("/v1/subscriptions", json={**wish(URL), "pbx": away})
        assert refused.status_code == 502, refused.text
        assert client.get("/v1/subscriptions").json() == {"subscriptions": []}


def test_pbxs_that_are_not_allowed(tmp_path: Path, simulator: Simulator, pbx: dict[str, Any]) -> None:
    """A subscription with a credential that the rule no longer allows gets nothing, and says so."""
    with serving_events(tmp_path, simulator) as client:
        made = client.post("/v1/subscriptions", json={**wish(URL, secret=SECRET), "pbx": pbx}).json()
    stored = b"".join(each.read_bytes() for each in tmp_path.rglob("*") if each.is_file())
    # The store contains the secrets in another form.
    assert made["id"].encode() in stored
    assert SECRET.encode() not in stored
    assert pbx["clientSecret"].encode() not in stored
    access = PbxAccess.of([], profiles_only=True)
    with serving_events(tmp_path, simulator, access=access) as client:
        refused = client.post("/v1/subscriptions", json={**wish(URL), "pbx": pbx})
        assert (refused.status_code, refused.json()["code"]) == (422, "pbx_not_allowed")
        [problem] = client.get(f"/v1/subscriptions/{made['id']}").json()["problems"]
        assert problem["code"] == "pbx_not_allowed"
        assert subscribe(client, URL)["problems"] == []


def test_a_profile_that_is_gone(tmp_path: Path, simulator: Simulator) -> None:
    with serving_events(tmp_path, simulator) as client:
        made = subscribe(client, URL)
    with serving_events(tmp_path, simulator, profiles={}) as client:
        found = client.get(f"/v1/subscriptions/{made['id']}").json()
        assert found["pbx"] == {"profile": "office", "baseUrl": "", "clientId": ""}
        assert "office" in found["problems"][0]["message"]
        assert client.delete(f"/v1/subscriptions/{made['id']}").status_code == 204


def test_a_service_without_events(simulator: Simulator) -> None:
    with serving(profiles=profiles_of(simulator)) as client:
        for path in ("/v1/subscriptions", "/v1/events?profile=office"):
            refused = client.get(path, headers={"accept": "*/*"})
            assert (refused.status_code, refused.json()["code"]) == (404, "no_events")
        assert client.get("/metrics").status_code == 200


def test_a_damaged_store_leaves_the_rest_of_the_service(
    tmp_path: Path, simulator: Simulator, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "events.sqlite3").write_bytes(b"this is not a database" * 100)
    (tmp_path / "events.sqlite3").chmod(0o600)
    with serving_events(tmp_path, simulator) as client:
        for request in (
            client.get("/v1/subscriptions"),
            client.post("/v1/subscriptions", json=wish(URL)),
            client.get("/v1/events?profile=office"),
        ):
            assert request.status_code == 503
            assert request.json()["code"].startswith("event_store")
            assert request.json()["description"]
        assert client.get("/health").status_code == 200
        assert client.get("/metrics").status_code == 200
        assert client.post("/v1/check", json={"pbx": PROFILE}).json()["ok"]
    assert "events and subscriptions cannot be used" in capsys.readouterr().out


def test_a_lost_key(tmp_path: Path, simulator: Simulator) -> None:
    """Subscriptions whose secrets cannot be read any more are named, and can be removed."""
    with serving_events(tmp_path, simulator) as client:
        made = [subscribe(client, URL)["id"] for _ in range(2)]
    (tmp_path / "subscriptions.key").unlink()
    with serving_events(tmp_path, simulator) as client:
        refused = client.get("/v1/subscriptions")
        assert (refused.status_code, refused.json()["code"]) == (503, "event_key")
        assert all(each in refused.json()["description"] for each in made)
        for each in made:
            assert client.delete(f"/v1/subscriptions/{each}").status_code == 204
        assert client.get("/v1/subscriptions").json() == {"subscriptions": []}
        assert subscribe(client, URL)["state"] == "active"


def test_a_locked_store(tmp_path: Path, simulator: Simulator) -> None:
    """A program that keeps the file locked makes requests fail, with a problem."""
    open_event_store(tmp_path, print)
    with serving_events(tmp_path, simulator) as client:
        subscribe(client, URL)
        other = sqlite3.connect(tmp_path / "events.sqlite3", isolation_level=None)
        other.execute("BEGIN EXCLUSIVE")
        refused = client.post("/v1/subscriptions", json=wish(URL))
        other.execute("ROLLBACK")
        other.close()
        assert (refused.status_code, refused.json()["code"]) == (503, "event_store")
        assert subscribe(client, URL)["state"] == "active"


def miss_a_call(pbx: Simulator, receiver: Receiver) -> None:
    """A call that rings, and ends once that was received."""
    call = pbx.calls.inbound(OUTSIDE, to="103")
    assert receiver.take()["type"] == "call.ringing"
    call.hang_up()


def wait_until(ask: Callable[[], Any], is_there: Callable[[Any], bool]) -> Any:
    for _ in range(2_000):
        found = ask()
        if is_there(found):
            return found
    raise AssertionError(found)


def wait_for_feed(service: httpx.Client) -> None:
    """Wait until the events of the PBX come."""
    wait_until(
        lambda: service.get("/metrics").text,
        lambda text: (
            'threecx_feed_connected{pbx="127.0.0.1' in text
            and all(
                line.endswith(" 1.0")
                for line in text.splitlines()
                if line.startswith("threecx_feed_connected{")
            )
        ),
    )
