"""Requests of the client: paths, bodies, results and errors."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.callcontrol.scenarios import ringing
from tests.callcontrol.small_pbx import SmallPbx, small_pbx
from threecx_node.advice import BY_CALL_STATUS, CALL_GONE, DEVICE_GONE
from threecx_node.callcontrol.client import CallControlClient
from threecx_node.callcontrol.entities import ActionResult
from threecx_node.errors import (
    InputError,
    NotThreeCxError,
    ResponseError,
    ThreeCxError,
    UnusableResponseError,
)

Use = Callable[[CallControlClient], Awaitable[Any]]


def ask(use: Use, prepare: Callable[[SmallPbx], object] = ringing) -> tuple[Any, SmallPbx]:
    async def run() -> tuple[Any, SmallPbx]:
        async with small_pbx() as pbx:
            prepare(pbx)
            async with pbx.client() as client:
                return await use(client), pbx

    return asyncio.run(run())


def fail(use: Use, prepare: Callable[[SmallPbx], object] = ringing) -> ThreeCxError:
    with pytest.raises(ThreeCxError) as caught:
        ask(use, prepare)
    assert caught.value.description
    return caught.value


DEVICE = "sip:100@127.0.0.1:5063"


def test_entities_are_read() -> None:
    async def use(client: CallControlClient) -> Any:
        return (
            await client.list_dns(),
            await client.get_dn("100"),
            await client.list_devices("100"),
            await client.get_device("100", DEVICE),
            await client.list_participants("100"),
            await client.get_participant("100", 1),
        )

    (dns, dn, devices, device, participants, participant), pbx = ask(use)
    assert [each.dn for each in dns] == ["100", "101"]
    assert (dn.type, dn.participants, dn.devices) == ("Wextension", (participant,), (device,))
    assert devices == [device]
    assert participants == [participant]
    assert (participant.call_id, participant.status) == (7, "Ringing")
    assert pbx.requests[3] == "GET /callcontrol/100/devices/sip%3A100%40127.0.0.1%3A5063"


@pytest.mark.parametrize(
    ("use", "path", "body"),
    [
        (
            lambda c: c.make_call("100", "+4930123456", device_id=DEVICE, timeout=30, attached_data={"a": 1}),
            "devices/sip%3A100%40127.0.0.1%3A5063/makecall",
            {"destination": "+4930123456", "timeout": 30, "attacheddata": {"a": 1}},
        ),
        (lambda c: c.make_call("100", "101"), "makecall", {"destination": "101"}),
        (lambda c: c.make_call("100", "(030) 123-45"), "makecall", {"destination": "03012345"}),
        (lambda c: c.answer("100", 1), "participants/1/answer", {}),
        (lambda c: c.drop("100", "1"), "participants/1/drop", {}),
        (
            lambda c: c.divert("100", 1, "101", reason="PhoneBusy"),
            "participants/1/divert",
            {"destination": "101", "reason": "PhoneBusy"},
        ),
        (
            lambda c: c.route_to("100", 1, "101", timeout=10),
            "participants/1/routeto",
            {"destination": "101", "timeout": 10},
        ),
        (lambda c: c.transfer("100", 1, "101"), "participants/1/transferto", {"destination": "101"}),
        (
            lambda c: c.attach_participant_data("100", 1, {"a": "b"}),
            "participants/1/attach_participant_data",
            {"attacheddata": {"a": "b"}},
        ),
        (
            lambda c: c.attach_party_data("100", 1, {}),
            "participants/1/attach_party_data",
            {"attacheddata": {}},
        ),
    ],
)
def test_actions_are_sent_once_with_a_json_body(use: Use, path: str, body: Any) -> None:
    result, pbx = ask(use)
    assert result.final_status == "success"
    assert pbx.requests == [f"POST /callcontrol/100/{path}"]
    assert pbx.bodies == [body]


def test_a_call_that_does_not_come_about_is_a_result() -> None:
    def prepare(pbx: SmallPbx) -> None:
        pbx.result = {"finalstatus": -1, "reason": "PhoneBusy", "reasontext": "101 is busy", "result": None}

    result, _ = ask(lambda client: client.make_call("100", "101"), prepare)
    assert (result.final_status, result.reason, result.reason_text) == ("failed", "PhoneBusy", "101 is busy")


def failing(path: str, status: int, document: Any = None) -> Callable[[SmallPbx], None]:
    def prepare(pbx: SmallPbx) -> None:
        ringing(pbx)
        pbx.statuses[f"/callcontrol/{path}"] = status
        pbx.error = document or pbx.error

    return prepare


@pytest.mark.parametrize("reason", ["PhoneBusy", "NoAnswer", "PhoneNotRegistered"])
@pytest.mark.parametrize("status", [422, 424])
def test_a_call_that_was_refused_by_its_destination_is_a_result(reason: str, status: int) -> None:
    document = {"finalstatus": "Failed", "reason": reason, "reasontext": "no", "result": None}
    prepare = failing("100/makecall", status, document)
    result, _ = ask(lambda client: client.make_call("100", "101"), prepare)
    assert (result.final_status, result.reason, result.participant) == ("failed", reason, None)
    # For other actions it is an error: they were not carried out.
    prepare = failing("100/participants/1/transferto", status, document)
    assert fail(lambda client: client.transfer("100", 1, "101"), prepare).message == "no"


def test_a_participant_that_is_gone_is_dropped_already() -> None:
    result, pbx = ask(lambda client: client.drop("100", 9), failing("100/participants/9/drop", 404))
    assert (result.final_status, result.other) == ("success", {"alreadyGone": True})
    assert pbx.requests == ["POST /callcontrol/100/participants/9/drop", "GET /callcontrol/100/participants"]
    error = fail(lambda client: client.answer("100", 9), failing("100/participants/9/answer", 404))
    assert (type(error), error.http_code) == (ResponseError, 404)


@pytest.mark.parametrize(
    ("dn", "number"),
    [
        # The DN does not exist, so nothing says that the call has ended.
        ("777", 9),
        # The participant is there.
        ("100", 1),
    ],
)
def test_a_drop_is_a_success_only_of_what_is_certainly_gone(dn: str, number: int) -> None:
    error = fail(lambda client: client.drop(dn, number), failing(f"{dn}/participants/{number}/drop", 404))
    assert (type(error), error.http_code) == (ResponseError, 404)


@pytest.mark.parametrize(
    ("use", "path", "status", "advice"),
    [
        (lambda c: c.get_dn("101"), "101", 403, BY_CALL_STATUS[403]),
        (lambda c: c.get_dn("777"), "777", 404, BY_CALL_STATUS[404]),
        (lambda c: c.list_participants("777"), "777/participants", 404, BY_CALL_STATUS[404]),
        (lambda c: c.get_device("100", "sip:1"), "100/devices/sip:1", 404, DEVICE_GONE),
        (lambda c: c.make_call("100", "1", device_id="x"), "100/devices/x/makecall", 404, DEVICE_GONE),
        (lambda c: c.make_call("777", "1"), "777/makecall", 404, BY_CALL_STATUS[404]),
        (lambda c: c.make_call("100", "1"), "100/makecall", 424, BY_CALL_STATUS[424]),
        (lambda c: c.get_participant("100", 9), "100/participants/9", 404, CALL_GONE),
        (lambda c: c.answer("100", 1), "100/participants/1/answer", 403, BY_CALL_STATUS[403]),
        (lambda c: c.answer("100", 1), "100/participants/1/answer", 404, CALL_GONE),
        (lambda c: c.divert("100", 1, "2"), "100/participants/1/divert", 422, BY_CALL_STATUS[422]),
        (lambda c: c.route_to("100", 1, "2"), "100/participants/1/routeto", 422, BY_CALL_STATUS[422]),
        (lambda c: c.transfer("100", 1, "2"), "100/participants/1/transferto", 424, BY_CALL_STATUS[424]),
        (
            lambda c: c.attach_party_data("100", 1, {}),
            "100/participants/1/attach_party_data",
            403,
            BY_CALL_STATUS[403],
        ),
    ],
)
def test_errors_have_the_advice_of_operations(use: Use, path: str, status: int, advice: str) -> None:
    error = fail(use, failing(path, status))
    assert (error.http_code, error.description, error.outcome_unknown) == (status, advice, False)


@pytest.mark.parametrize("status", [500, 502, 503])
def test_an_action_with_an_ambiguous_answer_is_not_repeated(status: int) -> None:
    pbxs = []

    def prepare(pbx: SmallPbx) -> None:
        pbxs.append(pbx)
        pbx.plain_statuses["/callcontrol/100/makecall"] = status

    error = fail(lambda client: client.make_call("100", "101"), prepare)
    assert error.outcome_unknown
    assert pbxs[0].requests == ["POST /callcontrol/100/makecall"]


@pytest.mark.parametrize("status", [202, 204])
def test_an_action_that_was_accepted_without_a_body_is_a_success(status: int) -> None:
    def prepare(pbx: SmallPbx) -> None:
        pbx.action_status, pbx.result = status, None

    result, _ = ask(lambda client: client.make_call("100", "101"), prepare)
    assert result == ActionResult(final_status="success")


@pytest.mark.parametrize(
    ("status", "document"),
    [(200, {"finalstatus": ["x"]}), (200, {}), (202, {"message": "hello"}), (200, None)],
)
def test_a_result_of_another_shape_has_an_unknown_outcome(status: int, document: Any) -> None:
    def prepare(pbx: SmallPbx) -> None:
        pbx.action_status, pbx.result = status, document

    error = fail(lambda client: client.answer("100", 1), prepare)
    assert isinstance(error, UnusableResponseError)
    assert error.outcome_unknown


def test_a_web_page_is_not_a_missing_participant() -> None:
    def prepare(pbx: SmallPbx) -> None:
        pbx.pages.add("/callcontrol/100/participants/1/drop")

    assert isinstance(fail(lambda client: client.drop("100", 1), prepare), NotThreeCxError)


@pytest.mark.parametrize(
    ("use", "field"),
    [
        (lambda c: c.get_dn(""), "dn"),
        (lambda c: c.get_dn(".."), "dn"),
        (lambda c: c.get_dn("1\r\n0"), "dn"),
        (lambda c: c.get_dn(None), "dn"),
        (lambda c: c.get_participant("100", "1/../../x"), "participantId"),
        (lambda c: c.drop("100", True), "participantId"),
        (lambda c: c.get_device("100", " "), "deviceId"),
        (lambda c: c.make_call("100", ""), "destination"),
        (lambda c: c.make_call("100", "+49 (0)30 12"), "destination"),
        (lambda c: c.make_call("100", "Ada Lovelace"), "destination"),
        (lambda c: c.transfer("100", 1, "10\x00"), "destination"),
        (lambda c: c.make_call("100", "101", timeout=0), "timeout"),
        (lambda c: c.make_call("100", "101", timeout=float("nan")), "timeout"),
        (lambda c: c.make_call("100", "101", attached_data="x"), "attachedData"),
        (lambda c: c.make_call("100", "101", attached_data={"a": float("nan")}), "attachedData"),
        (lambda c: c.make_call("100", "101", attached_data={"a": object()}), "attachedData"),
        (lambda c: c.make_call("100", "101", attached_data={"a": "x" * 70_000}), "attachedData"),
    ],
)
def test_bad_input_is_refused_before_anything_is_sent(use: Use, field: str) -> None:
    pbxs: list[SmallPbx] = []
    error = fail(use, pbxs.append)
    assert isinstance(error, InputError)
    assert error.field == field
    assert pbxs[0].requests == []
