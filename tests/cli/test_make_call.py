"""`threecx execute PlaceCall` with a simulated PBX: its phones answer or are busy, and a wait is interrupted."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from tests.cli.conftest import COMMAND, environment, run
from threecx_node.simulator import Simulator

CALL = ("execute", "PlaceCall", "-p", "dn=100")
TO_115 = ("-p", "destination=115")


@pytest.fixture(scope="module")
def pbx() -> Iterator[Simulator]:
    with Simulator(answer_after=0.2) as running:
        yield running


@pytest.fixture(scope="module")
def lonely() -> Iterator[Simulator]:
    """A PBX whose phones are answered by a test only."""
    with Simulator() as running:
        yield running


def reach(pbx: Simulator) -> dict[str, str]:
    return {
        "THREECX_BASE_URL": pbx.base_url,
        "THREECX_CLIENT_ID": pbx.client_id,
        "THREECX_CLIENT_SECRET": pbx.client_secret,
    }


def call(pbx: Simulator, *more: str) -> dict[str, Any]:
    ran = run(*CALL, *more, env=reach(pbx))
    assert (ran.code, ran.err) == (0, ""), ran
    [[item]] = [each["items"] for each in ran.json]
    found: dict[str, Any] = item["json"]
    return found


def test_a_call_is_answered(pbx: Simulator) -> None:
    found = call(pbx, *TO_115, "-p", "waitFor=answered", "-p", "waitTimeout=30")
    assert (found["status"], found["finalStatus"], found["dn"]) == ("Connected", "success", "100")
    leg = pbx.calls.participant("100", found["participantId"])
    assert leg is not None
    assert leg.call_id == found["callId"]


def test_a_call_that_is_busy_or_not_registered(lonely: Simulator) -> None:
    lonely.calls.make_call("120", "101")
    busy = call(lonely, "-p", "destination=120", "-p", "waitFor=answered")
    assert (busy["finalStatus"], busy["reason"], busy["status"]) == ("rejected", "PhoneBusy", "Ended")
    absent = call(lonely, "-p", "destination=110", "-p", "waitFor=answered")
    assert (absent["finalStatus"], absent["reason"]) == ("failed", "PhoneNotRegistered")
    ran = run("execute", "PlaceCall", "-p", "dn=110", *TO_115, env=reach(lonely))
    [[item]] = [each["items"] for each in ran.json]
    assert (item["json"]["finalStatus"], item["json"]["reason"]) == ("failed", "PhoneNotRegistered")


def test_a_call_that_is_not_answered(lonely: Simulator) -> None:
    more = ("-p", "timeout=1", "-p", "waitFor=answered", "-p", "waitTimeout=30")
    found = call(lonely, "-p", "destination=0043512555010", *more)
    assert (found["status"], found["reason"]) == ("Ended", "NoAnswer")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("-p", "dn=101", *TO_115), "101 has 2 registered devices: sip:101@"),
        (("-p", "dn=999", *TO_115), "999"),
        (("-p", "dn=100", "-p", "destination=nowhere"), "The destination 'nowhere' does not exist"),
        (("-p", "dn=100", "-p", "deviceId=sip:100@gone", *TO_115), "has no device 'sip:100@gone'"),
        (("-p", "dn=100", "-p", "destination="), "destination is required"),
        (("-p", "dn=100", "-p", "destination=1 2;DROP"), "destination"),
        (
            ("-p", "dn=100", *TO_115, "-p", "waitFor=connected"),
            "waitFor: expected nothing, ringing, answered, ended",
        ),
        (("-p", "dn=100", *TO_115, "-p", "waitTimeout=soon"), "waitTimeout: expected a number of seconds"),
        (("-p", "dn=100", *TO_115, "-p", "attachedData=[1]"), "attachedData"),
    ],
)
def test_bad_input_is_one_clear_line(lonely: Simulator, arguments: tuple[str, ...], words: str) -> None:
    # A call of an earlier test may end meanwhile.
    before = {each.id for each in lonely.calls.calls()}
    ran = run("execute", "PlaceCall", *arguments, env=reach(lonely))
    assert ran.code == 1
    [line] = ran.err.splitlines()
    assert words in line
    assert {each.id for each in lonely.calls.calls()} <= before


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such signals")
def test_an_interrupted_wait_reports_the_call(lonely: Simulator) -> None:
    rings = threading.Event()
    stop_listening = lonely.calls.add_listener(lambda change: rings.set() if change.dn == "116" else None)
    command = [*COMMAND, *CALL, "-p", "destination=116", "-p", "waitFor=answered", "-p", "waitTimeout=600"]
    with subprocess.Popen(
        command,
        env=environment(reach(lonely)),
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert rings.wait(60)
        # The answer to the new call has come once the participant is looked at.
        [leg] = [each for each in lonely.calls.participants("100") if each.party_dn == "116"]
        while not any(f"participants/{leg.id}" in str(each) for each in lonely.requests):
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    stop_listening()
    [result] = json.loads(out)
    found = result["items"][0]["json"]
    assert (found["callId"], found["reason"]) == (leg.call_id, "WaitStopped")
    assert "the call was made" in found["reasonText"]
    assert "Traceback" not in err
    assert lonely.calls.participant("100", leg.id) is not None
