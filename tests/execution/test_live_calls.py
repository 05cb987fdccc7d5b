"""Operations on live calls: each on a simulated PBX, the handle that leads from one to the next, and refusals."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping
from typing import Any

import httpx
import pytest

from tests.support import CALL_CONTROL_OPERATIONS, FakePbx
from tests.support import run as run_on
from threecx_credentials import Credential
from threecx_node.catalog import load_catalog
from threecx_node.errors import ThreeCxError
from threecx_node.execution.executor import Executor
from threecx_node.execution.results import Item, Result
from threecx_node.options import Options
from threecx_node.simulator import Simulator

RESULT_FIELDS = [
    "callId",
    "participantId",
    "dn",
    "status",
    "finalStatus",
    "reason",
    "reasonText",
    "call",
]


@pytest.fixture
def pbx() -> Iterator[Simulator]:
    with Simulator() as simulator:
        yield simulator


@pytest.fixture(scope="module")
def idle() -> Iterator[Simulator]:
    """A PBX that receives nothing: what is refused is not sent."""
    with Simulator() as simulator:
        yield simulator


def execute(
    pbx: Simulator, operation: str, item: Mapping[str, Any] | None = None, **parameters: Any
) -> Result:
    async def main() -> Result:
        login = Credential.of(pbx.base_url, pbx.client_id, pbx.client_secret)
        async with Executor(login) as executor:
            batch = await executor.run(
                operation, [Item(item or {})], parameters, options=Options(continue_on_fail=True)
            )
            return batch.results[0]

    return asyncio.run(main())


def read(pbx: Simulator, operation: str, item: Mapping[str, Any] | None = None, **parameters: Any) -> Any:
    result = execute(pbx, operation, item, **parameters)
    assert result.error is None, result.error
    assert result.items is not None
    return [each["json"] for each in result.items]


def refuse(
    pbx: Simulator, operation: str, item: Mapping[str, Any] | None = None, **parameters: Any
) -> ThreeCxError:
    """Return the error of an operation, which must not have reached the API."""
    before = len(pbx.requests)
    error = execute(pbx, operation, item, **parameters).error
    assert error is not None
    assert not [each for each in pbx.requests[before:] if each.method == "POST" and "token" not in each.path]
    assert "\n" not in error.one_line()
    return error


def place(pbx: Simulator, destination: str = "115") -> dict[str, Any]:
    [made] = read(pbx, "PlaceCall", dn="100", destination=destination)
    return dict(made)


def find(pbx: Simulator, dn: str) -> dict[str, Any]:
    [found] = read(pbx, "ListParticipant", dn=dn)
    return dict(found)


def test_the_operations_are_in_every_release() -> None:
    catalog = load_catalog()
    found = {each.id for each in catalog.operations(resource="Call Control") if each.task is None}
    assert found == {*CALL_CONTROL_OPERATIONS}
    for name in CALL_CONTROL_OPERATIONS:
        assert catalog.operation(name).releases == catalog.releases
        assert catalog.operation(name).version().base_path == "/callcontrol"


def test_dns_and_devices(pbx: Simulator) -> None:
    dns = read(pbx, "ListCallControlDn")
    assert {"900", "100", "101"} <= {each["dn"] for each in dns}
    [dn] = read(pbx, "GetCallControlDn", dn="101")
    assert dn in dns
    devices = read(pbx, "ListDnDevice", dn="101")
    assert devices == dn["devices"]
    for device in devices:
        # The ID has colons, semicolons and equals signs, which the path contains percent-encoded.
        assert read(pbx, "GetDnDevice", dn="101", deviceId=device["device_id"]) == [device]
    assert pbx.requests[-1].path.startswith("/callcontrol/101/devices/sip%3A101%40")


def test_simplify_keeps_the_handle_and_the_result_of_a_call(pbx: Simulator) -> None:
    made = place(pbx, "104")
    [leg] = read(pbx, "ListParticipant", dn="104")
    assert read(pbx, "ListParticipant", dn="104", simplify=True) == [leg]
    [dropped] = read(pbx, "DropParticipant", leg, simplify=True)
    assert dropped["finalStatus"] == "success"
    assert dropped["call"]["callId"] == made["callId"]


def test_a_call_from_beginning_to_end(pbx: Simulator) -> None:
    made = place(pbx)
    assert list(made) == RESULT_FIELDS
    assert (made["finalStatus"], made["status"], made["dn"]) == ("success", "Dialing", "100")
    host = pbx.base_url.removeprefix("http://")
    assert made["call"] == {
        "pbx": host,
        "dn": "100",
        "participantId": made["participantId"],
        "callId": made["callId"],
    }
    ringing = find(pbx, "115")
    assert (ringing["status"], ringing["callid"]) == ("Ringing", made["callId"])
    assert ringing["call"] == {
        "pbx": host,
        "dn": "115",
        "participantId": ringing["id"],
        "callId": made["callId"],
    }
    [answered] = read(pbx, "AnswerParticipant", ringing)
    assert (answered["status"], answered["finalStatus"]) == ("Connected", "success")
    assert read(pbx, "GetParticipant", made)[0]["status"] == "Connected"
    [dn] = read(pbx, "GetCallControlDn", dn="100")
    assert dn["participants"][0]["call"] == made["call"]
    for operation in ("AttachParticipantData", "AttachPartyData"):
        [attached] = read(pbx, operation, made, attachedData={"customer": "4711"})
        assert attached["finalStatus"] == "success"
        assert json.loads(pbx.requests[-1].body) == {"attacheddata": {"customer": "4711"}}
    [dropped] = read(pbx, "DropParticipant", made)
    assert dropped["finalStatus"] == "success"
    assert "alreadyGone" not in dropped
    assert pbx.requests[-1].body == b"{}"
    [again] = read(pbx, "DropParticipant", made)
    assert (again["finalStatus"], again["alreadyGone"], again["call"]) == ("success", True, made["call"])


def test_sending_calls_on(pbx: Simulator) -> None:
    place(pbx)
    ringing = find(pbx, "115")
    [routed] = read(pbx, "RouteParticipant", ringing, destination="120", timeout="20")
    assert routed["finalStatus"] == "success"
    assert json.loads(pbx.requests[-1].body) == {"destination": "120", "timeout": 20}
    read(pbx, "DropParticipant", find(pbx, "100"))
    place(pbx)
    ringing = find(pbx, "115")
    [diverted] = read(pbx, "DivertParticipant", ringing, destination="120", reason="PhoneBusy")
    assert diverted["finalStatus"] == "success"
    assert json.loads(pbx.requests[-1].body) == {"destination": "120", "reason": "PhoneBusy"}
    read(pbx, "DropParticipant", find(pbx, "100"))
    made = place(pbx)
    read(pbx, "AnswerParticipant", find(pbx, "115"))
    [transferred] = read(pbx, "TransferParticipant", made, destination=120)
    assert transferred["finalStatus"] == "success"
    assert json.loads(pbx.requests[-1].body) == {"destination": "120"}


@pytest.mark.parametrize(
    ("operation", "destination", "status", "advice"),
    [
        ("DivertParticipant", "120", 422, "Check the state of the call"),
        ("TransferParticipant", "9999", 424, "Check that the destination exists"),
    ],
)
def test_errors_have_advice_of_their_own(
    pbx: Simulator, operation: str, destination: str, status: int, advice: str
) -> None:
    made = place(pbx)
    read(pbx, "AnswerParticipant", find(pbx, "115"))
    error = execute(pbx, operation, made, destination=destination).error
    assert error is not None
    assert (error.http_code, error.outcome_unknown) == (status, False)
    assert error.description.startswith(advice)
    assert str(status) not in error.message


def test_missing_entities_have_advice_of_their_own(pbx: Simulator) -> None:
    gone = execute(pbx, "GetParticipant", dn="100", participantId=99).error
    assert gone is not None
    assert "may have ended" in gone.description
    stale = execute(pbx, "GetDnDevice", dn="100", deviceId="sip:100@192.0.2.1:5060").error
    assert stale is not None
    assert "registers again" in stale.description
    unknown = execute(pbx, "DropParticipant", dn="7777", participantId=99).error
    assert unknown is not None
    assert unknown.http_code == 404


def test_a_dn_that_is_not_monitored() -> None:
    with Simulator(monitored=["100"]) as pbx:
        error = execute(pbx, "GetCallControlDn", dn="101").error
        assert error is not None
        assert (error.http_code, error.description[:30]) == (403, "Let the client monitor this DN")


def test_explicit_parameters_win_over_the_handle(pbx: Simulator) -> None:
    made = place(pbx)
    ringing = find(pbx, "115")
    [answered] = read(pbx, "AnswerParticipant", made, dn="115", participantId=ringing["id"])
    assert answered["dn"] == "115"
    [dropped] = read(pbx, "DropParticipant", {"call": {"odd": 1}}, call=json.dumps(made["call"]))
    assert dropped["finalStatus"] == "success"


def test_the_node_gives_the_handle_as_the_participant(pbx: Simulator) -> None:
    made = place(pbx)
    locator = {"__rl": True, "mode": "list", "value": ""}
    [dropped] = read(
        pbx,
        "DropParticipant",
        made,
        dn=locator,
        participantId="={{ $json.call }}",
    )
    assert dropped["call"] == made["call"]


HANDLE = {"pbx": "other.example", "dn": "100", "participantId": 7, "callId": 5}


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (HANDLE, "call: the call is on the PBX other.example, but the credential is for 127.0.0.1:"),
        (HANDLE | {"pbx": 5}, "call: the handle's pbx is"),
        ({"pbx": "", "dn": "100"}, "call: the handle has no participantId"),
        ({"participantId": 7}, "call: the handle has no dn"),
        ({"dn": ["100"], "participantId": 7}, "call: the handle's dn is a list"),
        ({"dn": "100", "participantId": "seven"}, "participantId: expected a whole number"),
        ({"dn": "100", "participantId": -7}, "participantId: expected a number of 0 or more"),
        ({"dn": "../..", "participantId": 7}, "dn: expected the number of a DN"),
        ("yes", "call: expected a handle"),
        ([], "call: expected a handle"),
        (None, "DropParticipant needs a call, but participantId and dn are not set"),
    ],
)
@pytest.mark.parametrize("is_parameter", [True, False])
def test_a_handle_that_cannot_be_used(idle: Simulator, call: Any, message: str, is_parameter: bool) -> None:
    error = refuse(idle, "DropParticipant", call=call) if is_parameter else None
    error = error or refuse(idle, "DropParticipant", {"call": call})
    assert error.message.startswith(message)


def test_a_dn_that_contradicts_the_handle(pbx: Simulator) -> None:
    error = refuse(pbx, "DropParticipant", place(pbx), dn="115")
    assert error.message == 'dn: "115" is not the DN of the call, which is 100'


@pytest.mark.parametrize(
    "destination",
    [
        *(
            "",
            "  ",
            "Ada L",
            "+49 (0)89 123",
            "1;2",
            "100@pbx",
            "sip:100",
            "1/2",
            "100\n200",
            "\N{ARABIC-INDIC DIGIT NINE}",
            "é",
            "1" * 65,
        ),
        *(None, True, 1.5, ["100"], {"dn": "100"}),
    ],
)
def test_odd_destinations(idle: Simulator, destination: Any) -> None:
    error = refuse(idle, "PlaceCall", dn="100", deviceId="sip:100@192.0.2.1", destination=destination)
    assert error.field == "destination"
    assert error.message.startswith("destination")


def test_a_destination_in_wide_digits_is_dialed(pbx: Simulator) -> None:
    place(pbx, "\N{FULLWIDTH DIGIT ONE}0\N{FULLWIDTH DIGIT FOUR}")
    assert find(pbx, "104")["status"] == "Ringing"


@pytest.mark.parametrize("data", ["x", [1], 5, True, '{"a":', '["a"]', {"a": "x" * 70_000}])
@pytest.mark.parametrize("operation", ["PlaceCall", "AttachPartyData"])
def test_odd_attached_data(idle: Simulator, operation: str, data: Any) -> None:
    about = {"deviceId": "sip:1", "destination": "115"} if operation == "PlaceCall" else {"participantId": 7}
    error = refuse(idle, operation, dn="100", attachedData=data, **about)
    assert error.message.startswith("attachedData")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("timeout", each) for each in (0, -1, 3601, "soon", 1.5, True)),
        *(("reason", each) for each in ("Because", 5, ["None"])),
        *(("dn", each) for each in ("..", ".", "1/2", "1 2", "é", True, ["100"])),
        *(("participantId", each) for each in ("x", 1.5, -1, 2**40, True)),
    ],
)
def test_odd_values(idle: Simulator, name: str, value: Any) -> None:
    values = {"dn": "100", "participantId": 7, "destination": "115", name: value}
    error = refuse(idle, "TransferParticipant", **values)
    assert name in error.message


def test_the_timeout_among_the_options_is_that_of_a_request(pbx: Simulator) -> None:
    made = place(pbx)
    read(pbx, "AnswerParticipant", find(pbx, "115"))
    read(pbx, "TransferParticipant", made, destination="120", options={"timeout": 5})
    assert json.loads(pbx.requests[-1].body) == {"destination": "120"}


@pytest.mark.parametrize(
    ("final", "expected"),
    [
        ("Success", "success"),
        (1, "success"),
        ("Failed", "failed"),
        (-1, "failed"),
        (0, "rejected"),
        ("rejected", "rejected"),
    ],
)
@pytest.mark.parametrize("status", [200, 202])
def test_the_status_of_a_result(final: str | int, expected: str, status: int) -> None:
    result = {"finalstatus": final, "reason": "PhoneBusy", "result": None, "reasontext": "busy"}
    fake = FakePbx(lambda _: httpx.Response(status, json=result))
    batch = run_on(fake, "DropParticipant", [{}], {"dn": "100", "participantId": 7})
    assert batch.results[0].items is not None
    [item] = batch.results[0].items
    assert item["json"] == {
        "callId": None,
        "participantId": 7,
        "dn": "100",
        "status": "",
        "finalStatus": expected,
        "reason": "PhoneBusy",
        "reasonText": "busy",
        "call": {"pbx": "pbx.example", "dn": "100", "participantId": 7, "callId": None},
    }


@pytest.mark.parametrize(
    ("status", "content"),
    [(200, b""), (202, b"[]"), (200, b"{}"), (202, b"{}"), (200, b'{"result": 5, "finalstatus": 1}')],
)
def test_a_result_that_cannot_be_read_has_an_unknown_outcome(status: int, content: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    fake = FakePbx(lambda _: httpx.Response(status, content=content, headers=headers))
    [result] = run_on(fake, "AnswerParticipant", [{}], {"dn": "100", "participantId": 7}).results
    assert result.error is not None
    assert result.error.outcome_unknown
    assert len(fake.requests) == 1


def test_separators_in_a_destination_are_left_out(pbx: Simulator) -> None:
    made = place(pbx)
    read(pbx, "AnswerParticipant", find(pbx, "115"))
    read(pbx, "TransferParticipant", made, destination="+49 (30) 1234-567")
    assert json.loads(pbx.requests[-1].body) == {"destination": "+49301234567"}


def test_a_drop_is_a_success_only_where_the_dn_is_there() -> None:
    """A 404 to everything says that the API is off, not that the call has ended."""
    fake = FakePbx(lambda _: httpx.Response(404, json={"error": {"code": "", "message": "Not found"}}))
    [result] = run_on(fake, "DropParticipant", [{}], {"dn": "100", "participantId": 7}).results
    assert result.error is not None
    assert fake.targets == ["POST /callcontrol/100/participants/7/drop", "GET /callcontrol/100/participants"]


def test_a_lost_answer_is_not_sent_again() -> None:
    def lose(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadError("lost", request=request)

    fake = FakePbx(lose)
    given = {"dn": "100", "participantId": 7, "destination": "115"}
    [result] = run_on(fake, "TransferParticipant", [{}], given).results
    assert result.error is not None
    assert result.error.outcome_unknown
    assert len(fake.requests) == 1
