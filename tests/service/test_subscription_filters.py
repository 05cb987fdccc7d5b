"""Filters of subscriptions that name extensions and groups: those that the PBX does not have are reported."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.service.conftest import pbx_of
from tests.service.event_callers import serving_events, wish
from threecx_node.simulator import Simulator

URL = "http://127.0.0.1:9/hook"


@pytest.fixture(scope="module")
def office() -> Iterator[Simulator]:
    with Simulator() as running:
        yield running


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, office: Simulator) -> Iterator[httpx.Client]:
    with serving_events(tmp_path_factory.mktemp("state"), office) as client:
        yield client


@pytest.mark.parametrize(
    ("events", "chosen", "message", "is_final"),
    [
        (["recording.ready"], {"extensions": ["101", "9999"]}, "the PBX has no extension 9999", False),
        (["recording.ready"], {"extensions": ["9999"]}, "the PBX has no extension 9999", True),
        (["call.logged"], {"group": "899"}, 'the PBX has no queue or group "899"', True),
        (["event_log.new"], {"group": "Nowhere"}, 'the PBX has no queue or group "Nowhere"', True),
    ],
)
def test_filters_that_name_what_the_pbx_does_not_have(
    service: httpx.Client,
    office: Simulator,
    events: list[str],
    chosen: dict[str, Any],
    message: str,
    *,
    is_final: bool,
) -> None:
    asked = {"pbx": pbx_of(office), "events": events, "filter": chosen}
    [problem] = service.post("/v1/subscriptions/check", json=asked).json()["problems"]
    assert (problem["code"], problem["message"]) == ("unknown_number", message)
    assert (problem["events"], problem["isFinal"]) == (events, is_final)
    made = service.post("/v1/subscriptions", json={**wish(URL, *events), "filter": chosen})
    assert made.status_code == (422 if is_final else 201), made.text
    assert is_final or made.json()["problems"] == [problem]


@pytest.mark.parametrize(
    ("events", "chosen"),
    [
        (["recording.ready"], {"extensions": ["101"]}),
        (["call.logged"], {"group": "800"}),
        (["event_log.new"], {"group": "grp0000"}),
        (["event_log.new"], {"group": "Sales"}),
        (["trunk.down"], {}),
    ],
)
def test_filters_that_name_what_is_there(
    service: httpx.Client, office: Simulator, events: list[str], chosen: dict[str, Any]
) -> None:
    asked = {"pbx": pbx_of(office), "events": events, "filter": chosen}
    assert service.post("/v1/subscriptions/check", json=asked).json()["problems"] == []
