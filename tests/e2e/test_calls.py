"""Calls in a real n8n: made, waited for, transferred and dropped, with a simulated PBX whose phones are answered."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.e2e.conftest import Canvas
from tests.e2e.test_choosing import ask
from threecx_node.simulator.calls.models import Leg
from tools.lab.n8n_client import Execution
from tools.lab.open_n8n import CALLS, put_example

CALLER, CALLED, OTHER = "100", "115", "120"
TIME = 60


def make_call(wait_for: str = "nothing", **more: Any) -> dict[str, Any]:
    """Return the parameters of a call from CALLER to CALLED."""
    fields = {"destination": CALLED, "waitFor": wait_for, "waitTimeout": TIME}
    return {
        "resource": "CallControl",
        "dn": {"__rl": True, "mode": "id", "value": CALLER},
        "deviceId": {"__rl": True, "mode": "list", "value": ""},
        "body": {"mappingMode": "defineBelow", "value": fields, "schema": []},
        **more,
    }


@contextmanager
def picking_up(canvas: Canvas, *extensions: str) -> Iterator[None]:
    """Answer every phone that rings at these extensions."""
    calls = canvas.stage.pbx.calls
    ended = threading.Event()

    def answer() -> None:
        while not ended.wait(0.05):
            for extension in extensions:
                for each in calls.participants(extension):
                    if each.status == "Ringing" and each.direct_control:
                        calls.act(extension, each.id, "answer")

    thread = threading.Thread(target=answer, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


@pytest.fixture(autouse=True)
def quiet(canvas: Canvas) -> Iterator[None]:
    """End all calls after each test."""
    yield
    calls = canvas.stage.pbx.calls
    for each in list(calls.calls()):
        calls.end(each.id, "test")


def wait_for(find: Callable[[], Any]) -> Any:
    """Return what `find` returns, as soon as it returns something."""
    end = time.monotonic() + TIME
    while not (found := find()):
        assert time.monotonic() < end
        time.sleep(0.02)
    return found


def run_example(canvas: Canvas) -> tuple[Execution, dict[str, Any]]:
    workflow = put_example(canvas.stage, CALLS)
    execution = canvas.stage.client.start(workflow)
    done = canvas.stage.client.wait(execution)
    assert done.status == "success", done.error
    [made] = done.items("Make call")
    return done, made["json"]


def test_the_example_goes_on_when_the_call_is_answered(canvas: Canvas) -> None:
    with picking_up(canvas, CALLED):
        done, made = run_example(canvas)
    assert (made["status"], made["finalStatus"], made["dn"]) == ("Connected", "success", CALLER)
    assert made["call"]["callId"] == made["callId"]
    [noted] = done.items("Answered")
    assert noted["json"]["message"] == f"The call {made['callId']} was answered"
    assert canvas.stage.pbx.calls.participants(CALLED)


def test_the_example_goes_on_when_the_phone_is_busy(canvas: Canvas) -> None:
    with picking_up(canvas, CALLED):
        canvas.stage.pbx.calls.make_call(CALLED, "800")
        done, made = run_example(canvas)
    assert (made["finalStatus"], made["reason"]) == ("rejected", "PhoneBusy")
    [noted] = done.items("Not answered")
    assert noted["json"]["message"] == "The call was not answered: PhoneBusy"


def test_a_call_is_transferred_and_dropped(canvas: Canvas) -> None:
    calls = canvas.stage.pbx.calls
    transfer = canvas.node(
        "TransferParticipant",
        {
            "resource": "CallControl",
            "body": {"mappingMode": "defineBelow", "value": {"destination": OTHER}, "schema": []},
        },
        name="Transfer",
    )
    with picking_up(canvas, CALLED, OTHER):
        done = canvas.run(canvas.node("PlaceCall", make_call("answered")), transfer)
        assert done.status == "success", done.error
        [moved] = done.items("Transfer")
        assert moved["json"]["finalStatus"] == "success"
        legs: list[Leg] = wait_for(
            lambda: [each for each in calls.participants(OTHER) if each.status == "Connected"]
        )
    assert not calls.participants(CALLER)
    item = {
        "call": {"dn": OTHER, "participantId": legs[0].id, "callId": legs[0].call_id, "pbx": _host(canvas)}
    }
    drop = canvas.node("DropParticipant", {"resource": "CallControl"}, name="Drop")
    done = canvas.run(canvas.items([item, item]), drop)
    assert done.status == "success", done.error
    first, again = [each["json"] for each in done.items("Drop")]
    assert first["finalStatus"] == "success"
    assert again["alreadyGone"] is True
    wait_for(lambda: not calls.participants(OTHER))


def _host(canvas: Canvas) -> str:
    return canvas.stage.pbx.base_url.partition("//")[2]


def test_the_editor_lists_extensions_and_phones(canvas: Canvas) -> None:
    parameters = {
        "resource": "CallControl",
        "operation": "PlaceCall",
        "dn": {"__rl": True, "mode": "id", "value": "101"},
    }
    what = "resource-locator-results"
    extensions = ask(canvas, what, "searchEntities", "PlaceCall", currentNodeParameters=parameters)["results"]
    assert {"name": "Ada Lindqvist (101)", "value": "101"} in extensions
    phones = ask(canvas, what, "searchDevices", "PlaceCall", currentNodeParameters=parameters)["results"]
    devices = canvas.stage.pbx.calls.devices("101")
    assert [each["value"] for each in phones] == [each.device_id for each in devices]
    assert len(phones) == 2
    done = canvas.run(canvas.node("PlaceCall", make_call(dn=parameters["dn"])))
    assert "101 has 2 registered devices" in done.node_error("3CX")["message"]
    chosen = {"__rl": True, "mode": "list", "value": phones[1]["value"]}
    done = canvas.run(canvas.node("PlaceCall", make_call(dn=parameters["dn"], deviceId=chosen)))
    assert done.items("3CX")[0]["json"]["finalStatus"] == "success", done.error
