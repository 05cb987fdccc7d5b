"""Make Call: which phone makes it, what is waited for, and what a result says when the wait does not end as wished."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import httpx
import pytest

from tests.execution.journals import identity, lines
from tests.execution.journals import run as record
from tests.support import FakePbx, run
from threecx_node.execution.executor import Options
from threecx_node.execution.journal_file import FileJournal
from threecx_node.execution.results import Batch, Result

PHONE = "sip:100@127.0.0.1:5063"
APP = "sip:100@10.0.0.7;rinstance=5b"
Answer = httpx.Response | Exception


def leg(status: str, number: int = 7, call: int = 5, **more: Any) -> dict[str, Any]:
    return {"id": number, "dn": "100", "status": status, "callid": call, "legid": 1, **more}


def answer_of(result: Any, **more: Any) -> httpx.Response:
    document = {"finalstatus": "Success", "reason": "None", "result": result, "reasontext": "", **more}
    return httpx.Response(202, json=document)


class CallPbx:
    """A PBX with the extension 100: `devices` of it, the answer to a new call, and what each look at it finds.

    The last look stays. A status makes a participant; a number is an HTTP status.
    """

    def __init__(
        self,
        looks: Sequence[str | int | Exception] = ("Dialing",),
        *,
        made: Answer | None = None,
        devices: Mapping[str, str] | None = None,
        legs: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        self._looks = iter(looks)
        self._look: str | int | Exception = "Dialing"
        self._made = made or answer_of(leg("Dialing"))
        self._devices = {PHONE: "Yealink"} if devices is None else devices
        self._legs = legs
        self.pbx = FakePbx(self.answer)

    def answer(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if request.method == "POST":
            return self._give(self._made)
        if path == "/callcontrol/100":
            devices = [
                {"dn": "100", "device_id": each, "user_agent": agent} for each, agent in self._devices.items()
            ]
            return httpx.Response(200, json={"dn": "100", "type": "Wextension", "devices": devices})
        if path == "/callcontrol/100/participants":
            return httpx.Response(200, json=self._legs)
        assert path == "/callcontrol/100/participants/7", path
        self._look = next(self._looks, self._look)
        if isinstance(self._look, str):
            return httpx.Response(200, json=leg(self._look))
        if isinstance(self._look, int):
            return httpx.Response(self._look, json={"error": {"code": "", "message": "no"}})
        raise self._look

    @staticmethod
    def _give(answer: Answer) -> httpx.Response:
        if isinstance(answer, Exception):
            raise answer
        return answer

    def run(self, options: Options | None = None, **parameters: Any) -> Batch:
        given = {"dn": "100", "destination": "101", **parameters}
        return run(self.pbx, "PlaceCall", [{}], given, options)

    def result(self, **parameters: Any) -> dict[str, Any]:
        batch = self.run(**parameters)
        batch.raise_for_error()
        [item] = batch.results[0].items or []
        found: dict[str, Any] = item["json"]
        return found

    def error(self, **parameters: Any) -> Any:
        error = self.run(**parameters).error
        assert error is not None
        return error

    @property
    def targets(self) -> list[str]:
        return [f"{each.method} {unquote(each.url.raw_path.decode())}" for each in self.pbx.requests]

    @property
    def posts(self) -> list[httpx.Request]:
        return [each for each in self.pbx.requests if each.method == "POST"]


def test_the_only_phone_is_chosen() -> None:
    pbx = CallPbx()
    found = pbx.result()
    assert pbx.targets == ["GET /callcontrol/100", f"POST /callcontrol/100/devices/{PHONE}/makecall"]
    assert b"sip%3A100%40127.0.0.1%3A5063" in pbx.posts[0].url.raw_path
    assert json.loads(pbx.posts[0].content) == {"destination": "101"}
    assert found == {
        "callId": 5,
        "participantId": 7,
        "dn": "100",
        "status": "Dialing",
        "finalStatus": "success",
        "reason": "None",
        "reasonText": "",
        "call": {"pbx": "pbx.example", "dn": "100", "participantId": 7, "callId": 5},
    }


def test_a_phone_by_its_id_is_not_looked_up() -> None:
    pbx = CallPbx()
    pbx.result(deviceId=APP, timeout=20, attachedData={"order": "A-1"})
    assert pbx.targets == [f"POST /callcontrol/100/devices/{APP}/makecall"]
    assert b"%3Brinstance%3D5b" in pbx.posts[0].url.raw_path
    body = json.loads(pbx.posts[0].content)
    assert body == {"destination": "101", "timeout": 20, "attacheddata": {"order": "A-1"}}


def test_several_phones_are_an_error_that_names_them() -> None:
    pbx = CallPbx(devices={PHONE: "Yealink", APP: ""})
    error = pbx.error()
    assert error.message == f"deviceId: 100 has 2 registered devices: {PHONE} (Yealink), {APP}"
    assert error.field == "deviceId"
    assert "Set it to the ID" in error.description
    assert not pbx.posts


def test_without_a_phone_the_pbx_decides() -> None:
    failed = answer_of(None, finalstatus="Failed", reason="PhoneNotRegistered", reasontext="no phone")
    pbx = CallPbx(devices={}, made=failed)
    found = pbx.result(waitFor="answered")
    assert pbx.targets == ["GET /callcontrol/100", "POST /callcontrol/100/makecall"]
    assert (found["finalStatus"], found["reason"], found["reasonText"]) == (
        "failed",
        "PhoneNotRegistered",
        "no phone",
    )
    assert (found["callId"], found["participantId"], found["status"]) == (None, None, "")


@pytest.mark.parametrize(
    ("goal", "looks", "status", "reason"),
    [
        ("ringing", ["Dialing"], "Dialing", "None"),
        ("answered", ["Dialing", "Dialing", "Connected"], "Connected", "None"),
        ("answered", ["Dialing", 404], "Ended", "NoAnswer"),
        ("ended", ["Dialing", "Connected", "Connected", 404], "Ended", "None"),
        ("ended", ["Dialing", 404], "Ended", "NoAnswer"),
    ],
)
def test_a_wait(goal: str, looks: list[str | int], status: str, reason: str) -> None:
    pbx = CallPbx(looks)
    found = pbx.result(waitFor=goal, deviceId=PHONE)
    assert (found["status"], found["reason"], found["finalStatus"]) == (status, reason, "success")
    assert (found["callId"], found["participantId"]) == (5, 7)
    assert len(pbx.posts) == 1
    if goal == "ringing":
        assert pbx.targets[1:] == []


@pytest.mark.parametrize("reason", ["PhoneBusy", "NoAnswer", "PhoneNotRegistered"])
@pytest.mark.parametrize("status", ["Failed", -1, "Rejected", 0])
def test_a_call_that_fails_is_a_result(reason: str, status: Any) -> None:
    pbx = CallPbx(made=answer_of(None, finalstatus=status, reason=reason))
    found = pbx.result(waitFor="ended", deviceId=PHONE)
    assert found["reason"] == reason
    assert found["finalStatus"] == ("failed" if status in ("Failed", -1) else "rejected")
    assert len(pbx.pbx.requests) == 1


@pytest.mark.parametrize("reason", ["PhoneBusy", "NoAnswer", "PhoneNotRegistered"])
@pytest.mark.parametrize("status", [422, 424])
def test_an_error_that_says_how_a_call_failed_is_a_result(reason: str, status: int) -> None:
    answer = {"finalstatus": "Failed", "reason": reason, "result": None, "reasontext": "why"}
    found = CallPbx(made=httpx.Response(status, json=answer)).result(waitFor="answered", deviceId=PHONE)
    assert (found["finalStatus"], found["reason"], found["reasonText"]) == ("failed", reason, "why")


def test_another_error_is_an_error() -> None:
    answer = {"finalstatus": "Failed", "reason": "None", "result": None, "reasontext": "no such number"}
    pbx = CallPbx(made=httpx.Response(424, json=answer))
    assert pbx.error(deviceId=PHONE).http_code == 424
    assert len(pbx.posts) == 1


def test_a_time_limit_is_a_result_that_says_so() -> None:
    pbx = CallPbx(["Dialing"])
    found = pbx.result(waitFor="answered", waitTimeout=12, deviceId=PHONE)
    assert (found["status"], found["reason"], found["finalStatus"]) == ("Dialing", "WaitTimeout", "success")
    assert (
        found["reasonText"]
        == "the call was not answered within 12 s; the call was made, and is not made again"
    )
    assert len(pbx.posts) == 1
    assert sum(pbx.pbx.waits) == pytest.approx(12, abs=1)


@pytest.mark.parametrize(
    "fault", [httpx.ConnectError("refused"), httpx.ReadError("cut"), httpx.ReadTimeout("slow"), 502, 500, 429]
)
def test_a_fault_while_watching_loses_nothing(fault: int | Exception) -> None:
    pbx = CallPbx(["Dialing", *[fault] * 4, "Connected"])
    found = pbx.result(waitFor="answered", deviceId=PHONE)
    assert (found["status"], found["reason"]) == ("Connected", "None")
    assert len(pbx.posts) == 1


@pytest.mark.parametrize("fault", [httpx.ConnectError("refused"), httpx.ReadError("cut"), 503, 403])
def test_a_call_that_is_not_seen_any_more_was_made(fault: int | Exception) -> None:
    pbx = CallPbx(["Dialing", fault])
    found = pbx.result(waitFor="answered", waitTimeout=10, deviceId=PHONE)
    assert (found["status"], found["reason"], found["finalStatus"]) == ("Dialing", "WatchFailed", "success")
    assert found["reasonText"].startswith("the call cannot be watched: ")
    assert found["reasonText"].endswith("; the call was made, and is not made again")
    assert len(pbx.posts) == 1


@pytest.mark.parametrize(
    "made",
    [
        httpx.ReadError("cut"),
        httpx.ReadTimeout("slow"),
        httpx.Response(502, text="<html>"),
        httpx.Response(200),
    ],
)
def test_a_lost_answer_is_unknown_and_never_repeated(made: Answer) -> None:
    pbx = CallPbx(made=made)
    error = pbx.error(waitFor="answered", deviceId=PHONE)
    assert error.outcome_unknown
    assert len(pbx.posts) == 1
    assert len(pbx.pbx.requests) == 1


def test_an_answer_that_cannot_be_read_is_unknown() -> None:
    pbx = CallPbx(made=answer_of({"id": "seven"}))
    assert pbx.error(waitFor="answered", deviceId=PHONE).outcome_unknown


def test_a_participant_that_is_not_named_is_found() -> None:
    legs = [leg("Connected", 3, 2, party_dn="104"), leg("Dialing", 7, 5, party_dn="101")]
    pbx = CallPbx(["Connected"], made=answer_of(None), devices={}, legs=legs)
    found = pbx.result(waitFor="answered")
    assert (found["callId"], found["participantId"], found["status"]) == (5, 7, "Connected")


@pytest.mark.parametrize("result", [None, {}, {"id": None, "callid": 5}])
def test_an_answer_without_a_participant_is_a_result(result: Any) -> None:
    found = CallPbx(made=answer_of(result)).result(deviceId=PHONE)
    assert (found["participantId"], found["call"], found["finalStatus"]) == (None, None, "success")


def test_a_participant_that_is_not_found_is_a_result() -> None:
    pbx = CallPbx(made=answer_of(None), legs=[leg("Connected", 3, 2)])
    found = pbx.result(waitFor="answered", waitTimeout=5)
    assert (found["participantId"], found["reason"]) == (None, "WatchFailed")


def test_another_leg_of_the_same_call_is_followed() -> None:
    pbx = CallPbx([404], legs=[leg("Connected", 8, 5), leg("Connected", 9, 6)])
    found = pbx.result(waitFor="answered", deviceId=PHONE)
    assert (found["participantId"], found["status"]) == (8, "Connected")


def test_a_dry_run_shows_the_request() -> None:
    pbx = CallPbx()
    [result] = pbx.run(Options(dry_run=True), waitFor="answered", deviceId=PHONE).results
    assert result.request is not None
    assert result.request["method"] == "POST"
    assert result.request["url"].startswith("https://pbx.example/callcontrol/100/devices/sip%3A100")
    assert result.request["body"] == {"destination": "101"}
    [result] = pbx.run(Options(dry_run=True), waitFor="answered").results
    assert result.request is not None
    assert result.request["url"] == "https://pbx.example/callcontrol/100"
    [looked_up] = pbx.run(Options(dry_run=True, verify=True)).results
    assert looked_up.request is not None
    assert looked_up.request["change"] == "not known: an action cannot be looked up"
    assert pbx.targets == ["GET /callcontrol/100"]
    pbx.pbx.requests.clear()
    then = {"url": "https://pbx.example/callcontrol/100/devices/{deviceId}/makecall", "method": "POST"}
    assert result.request["then"] == {**then, "body": {"destination": "101"}}
    assert not pbx.pbx.requests


def test_a_journal_knows_the_call_while_it_is_waited_for(tmp_path: Path) -> None:
    path, parameters = tmp_path / "journal", {"dn": "100", "destination": "101", "waitFor": "answered"}
    seen: list[dict[str, Any]] = []
    pbx = CallPbx(["Dialing", "Connected"])

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/7"):
            seen[:] = lines(path)
        return pbx.answer(request)

    mine = identity([{}], "PlaceCall", parameters)
    record(FakePbx(answer), FileJournal.create(path, mine), [{}], "PlaceCall", parameters)
    [before, interim] = [each for each in seen if "before" in each or "after" in each]
    assert before["target"].endswith("/makecall")
    [item] = interim["result"]["items"]
    assert (interim["status"], item["json"]["callId"], item["json"]["reason"]) == ("done", 5, "WaitStopped")

    # A run that was killed while it waited is continued: the call is not made again.
    killed = tmp_path / "killed"
    killed.write_text("".join(json.dumps(each) + "\n" for each in seen))
    batch = record(pbx.pbx, FileJournal.resume(killed, mine), [{}], "PlaceCall", parameters)
    assert not pbx.pbx.requests
    assert [each["json"] for each in batch.results[0].items or ()] == [item["json"]]

    # The last result is the one that counts.
    again = record(pbx.pbx, FileJournal.resume(path, mine), [{}], "PlaceCall", parameters)
    assert [each["json"]["status"] for each in again.results[0].items or ()] == ["Connected"]
    assert not pbx.pbx.requests


def stop_while_waiting(*, at_once: bool) -> Iterator[Any]:
    looking, pbx = asyncio.Event(), CallPbx()
    looks = 0

    def answer(request: httpx.Request) -> httpx.Response:
        nonlocal looks
        if request.url.path.endswith("/7"):
            looks += 1
            if looks == 3:
                looking.set()
        return pbx.answer(request)

    async def main() -> list[Result]:
        fake, stop, abort = FakePbx(answer), asyncio.Event(), asyncio.Event()
        async with fake.executor() as executor:
            parameters = {"dn": "100", "deviceId": PHONE, "destination": "101", "waitFor": "answered"}
            options = Options(concurrency=1)
            running = asyncio.create_task(
                executor.run(
                    "PlaceCall",
                    [{}, {}],
                    {**parameters, "waitTimeout": 80_000},
                    options=options,
                    stop=stop,
                    abort=abort,
                )
            )
            await asyncio.wait_for(looking.wait(), 20)
            (abort if at_once else stop).set()
            batch = await asyncio.wait_for(running, 20)
            assert [each.method for each in fake.requests].count("POST") == 1
            return list(batch.results)

    first, second = asyncio.run(main())
    assert second.error is not None
    assert second.error.code == "not_attempted"
    yield from first.items or ()


@pytest.mark.parametrize("at_once", [True, False])
def test_a_stop_while_waiting_reports_the_call_as_made(at_once: bool) -> None:
    [item] = stop_while_waiting(at_once=at_once)
    found = item["json"]
    assert (found["callId"], found["finalStatus"], found["reason"]) == (5, "success", "WaitStopped")
    assert "the call was made" in found["reasonText"]


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"waitFor": "connected"}, 'waitFor: expected nothing, ringing, answered, ended, got "connected"'),
        ({"waitFor": "answered", "waitTimeout": -1}, "waitTimeout: expected a number of seconds"),
        ({"dn": ""}, "dn is required, but it is empty"),
        ({"destination": ""}, "destination is required, but it is empty"),
        ({"attachedData": "text"}, "attachedData: expected an object"),
        ({"timeout": "soon"}, "timeout"),
        ({"waitUntil": "answered"}, "PlaceCall has no parameter 'waitUntil'"),
    ],
)
def test_wrong_values_send_nothing(parameters: dict[str, Any], words: str) -> None:
    pbx = CallPbx()
    if "waitUntil" in parameters:
        with pytest.raises(Exception, match="has no parameter 'waitUntil'"):
            pbx.run(**parameters)
    else:
        error = pbx.error(**parameters)
        assert words in error.message
        assert "\n" not in error.one_line()
    assert not pbx.pbx.requests
