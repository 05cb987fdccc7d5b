"""The buttons of the page: ring, answer, hang up; from the page itself only."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from tests.simulator.page.reading import text_of
from threecx_node.simulator import Simulator
from threecx_node.simulator.http.origin import ACTION_PATH

CALLER = "+12025550114"
RING = {"action": "ring", "from": CALLER, "to": "103"}


@pytest.fixture
def form(pbx: Simulator) -> Iterator[httpx.Client]:
    """A browser without script that sends forms of the page."""
    headers = {"accept": "text/html,*/*;q=0.8", "origin": pbx.base_url, "sec-fetch-site": "same-origin"}
    with httpx.Client(base_url=pbx.base_url, headers=headers) as client:
        yield client


@pytest.fixture
def script(form: httpx.Client) -> httpx.Client:
    """The script of the page."""
    form.headers["accept"] = "application/json"
    return form


def test_ring_answer_and_hang_up(pbx: Simulator, form: httpx.Client) -> None:
    rung = form.post(ACTION_PATH, data=RING)
    assert (rung.status_code, rung.headers["location"]) == (303, "/")
    shown = form.get("/")
    assert f"103 Carla Rossi 3CX Softphone {CALLER} Ivy Stone Ringing" in text_of(shown)
    assert "Active calls 1" in text_of(shown)
    assert 'aria-label="Answer: 103 Carla Rossi, 3CX Softphone"' in shown.text
    (leg,) = pbx.calls.participants("103")
    fields = {"dn": "103", "participant": str(leg.id)}
    assert form.post(ACTION_PATH, data={"action": "answer", **fields}).status_code == 303
    assert leg.status == "Connected"
    assert f"{CALLER} Ivy Stone 103 Carla Rossi Connected" in text_of(form.get("/"))
    assert form.post(ACTION_PATH, data={"action": "hangup", **fields}).status_code == 303
    assert pbx.calls.calls() == []
    assert "No active calls" in text_of(form.get("/"))


def test_messages_of_the_script(pbx: Simulator, script: httpx.Client) -> None:
    assert script.post(ACTION_PATH, data=RING).json() == {"message": f"{CALLER} calls 103."}
    (leg,) = pbx.calls.participants("103")
    fields = {"dn": "103", "participant": str(leg.id)}
    declined = script.post(ACTION_PATH, data={"action": "hangup", **fields})
    assert declined.json() == {"message": "103 Carla Rossi declined the call."}
    again = script.post(ACTION_PATH, data={"action": "hangup", **fields})
    assert (again.status_code, again.json()["message"]) == (
        409, "This participant has left the call already."
    )  # fmt: skip


def test_a_did_leads_to_its_destination(pbx: Simulator, script: httpx.Client) -> None:
    assert script.post(ACTION_PATH, data={**RING, "to": "+35725555100"}).status_code == 200
    (call,) = pbx.calls.calls()
    assert call.did == "+35725555100"
    caller, menu = call.legs.values()
    assert (caller.dn, menu.dn) == ("10000", "820")
    # The keys of the menu have buttons.
    assert (
        f'aria-label="Press 2: {CALLER} Ivy Stone"' in script.get("/", headers={"accept": "text/html"}).text
    )
    fields = {"action": "press", "dn": "10000", "participant": str(caller.id), "keys": "2"}
    assert script.post(ACTION_PATH, data=fields).json() == {"message": f"{CALLER} Ivy Stone pressed 2."}
    assert pbx.calls.participants("800")
    assert script.post(ACTION_PATH, data={**fields, "keys": "x"}).status_code == 409


def test_a_busy_extension(pbx: Simulator, script: httpx.Client) -> None:
    pbx.calls.make_call("103", "104")
    refused = script.post(ACTION_PATH, data=RING)
    assert (refused.status_code, refused.json()["message"]) == (409, "103 was not reached: PhoneBusy.")
    # The call is in the log nevertheless.
    assert pbx.state.entities("CallHistoryView")[-1]["DstDn"] == "103"


def test_the_caller_outside_answers_and_hangs_up(pbx: Simulator, script: httpx.Client) -> None:
    pbx.calls.make_call("103", CALLER)
    (leg,) = pbx.calls.participants("10000")
    fields = {"dn": "10000", "participant": str(leg.id)}
    assert script.post(ACTION_PATH, data={"action": "answer", **fields}).json() == {
        "message": f"{CALLER} Ivy Stone answered."
    }
    assert script.post(ACTION_PATH, data={"action": "hangup", **fields}).status_code == 200
    assert pbx.calls.calls() == []


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({**RING, "to": "999"}, "999 is not a number of this PBX"),
        ({**RING, "to": ""}, "Fill in To"),
        ({**RING, "from": " "}, "Fill in From"),
        ({**RING, "from": "1\n2"}, "From is not a number"),
        ({**RING, "to": "1" * 51}, "To is not a number"),
        ({"action": "reboot"}, "does not exist"),
        ({}, "does not exist"),
        ({"action": "answer", "dn": "103", "participant": "1"}, "has left the call"),
        ({"action": "answer", "dn": "103", "participant": "x"}, "has left the call"),
        ({"action": "answer", "dn": "103", "participant": "1" * 30}, "has left the call"),
        ({"action": "ring", "from": "x" * 5000}, "too long"),
        ({str(number): "x" for number in range(20)}, "cannot be read"),
    ],
)
def test_what_cannot_be_done(
    pbx: Simulator, script: httpx.Client, fields: dict[str, str], message: str
) -> None:
    refused = script.post(ACTION_PATH, data=fields)
    assert refused.status_code == 409
    assert message in refused.json()["message"]
    page = script.post(ACTION_PATH, data=fields, headers={"accept": "text/html"})
    assert page.status_code == 409
    assert message in text_of(page)
    assert pbx.calls.calls() == []


def test_a_hostile_number_is_text(form: httpx.Client) -> None:
    hostile = "<script>alert(1)</script>"
    page = form.post(ACTION_PATH, data={**RING, "to": hostile})
    assert hostile not in page.text
    assert f"{hostile} is not a number" in text_of(page)


def test_a_body_that_cannot_be_read(script: httpx.Client) -> None:
    for body in (b"\xff\xfe", b"%ff=%ff", b"{}"):
        assert script.post(ACTION_PATH, content=body).status_code == 409
    assert script.post(ACTION_PATH, content=b"x" * (11 * 1024 * 1024)).status_code == 413


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "none"},
        {"sec-fetch-site": "cross-site", "origin": "{own}"},
    ],
)
def test_other_websites_are_refused(pbx: Simulator, headers: dict[str, str]) -> None:
    sent = {name: value.format(own=pbx.base_url) for name, value in headers.items()}
    refused = httpx.post(f"{pbx.base_url}{ACTION_PATH}", data=RING, headers=sent)
    assert refused.status_code == 403
    assert pbx.calls.calls() == []


def test_browsers_that_send_the_origin_only(pbx: Simulator) -> None:
    own = {"origin": pbx.base_url}
    assert httpx.post(f"{pbx.base_url}{ACTION_PATH}", data=RING, headers=own).status_code == 303
    assert len(pbx.calls.calls()) == 1


def test_other_machines() -> None:
    elsewhere = {"host": "pbx.example", "origin": "http://pbx.example"}
    with Simulator() as private, Simulator(public_page=True) as public:
        assert httpx.post(f"{private.base_url}{ACTION_PATH}", data=RING, headers=elsewhere).status_code == 403
        assert private.calls.calls() == []
        assert httpx.post(f"{public.base_url}{ACTION_PATH}", data=RING, headers=elsewhere).status_code == 303
        assert len(public.calls.calls()) == 1


def test_the_address_of_the_form_leads_to_the_page(form: httpx.Client) -> None:
    """A browser without script repeats the address after a few seconds."""
    for method in ("GET", "HEAD"):
        again = form.request(method, ACTION_PATH)
        assert (again.status_code, again.headers["location"]) == (303, "/")
    assert form.put(ACTION_PATH).status_code == 404


def test_a_change_of_a_leg_changes_the_tag(pbx: Simulator, form: httpx.Client) -> None:
    pbx.calls.inbound(CALLER, to="103")
    (leg,) = pbx.calls.participants("103")
    first = form.get("/").headers["etag"]
    assert form.get("/", headers={"if-none-match": first}).status_code == 304
    # No row of ActiveCalls has the data that a program attaches.
    pbx.calls.act("103", leg.id, "attach_participant_data", attached_data={"case": "1"})
    assert form.get("/", headers={"if-none-match": first}).status_code == 200
