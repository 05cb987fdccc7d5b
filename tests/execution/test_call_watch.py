"""Each look at a call that was made, and when a wait for it is over."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from threecx_node.callcontrol.entities import Participant
from threecx_node.errors import UnusableResponseError
from threecx_node.execution.call_watch import CallWatch
from threecx_node.parameters.wait import WaitGoal

GOALS: tuple[WaitGoal, ...] = ("ringing", "answered", "ended")
STATUSES = ("Dialing", "Ringing", "Connected", "Holding", "")


def leg(status: str, number: int = 7, **more: Any) -> dict[str, Any]:
    return {"id": number, "dn": "100", "status": status, "callid": 5, **more}


def made(status: str = "Dialing", **more: Any) -> dict[str, Any]:
    return {"finalstatus": "Success", "reason": "None", "result": leg(status), "reasontext": "", **more}


def see(watch: CallWatch, status: str) -> None:
    watch.see(Participant.from_json(leg(status)))


@pytest.mark.parametrize(
    ("goal", "statuses"),
    [
        ("ringing", ["Dialing"]),
        ("ringing", ["Holding", "Ringing"]),
        ("answered", ["Dialing", "Ringing", "Holding", "Connected"]),
        ("answered", ["Dialing", "connected"]),
    ],
)
def test_a_wait_is_over_at_the_status_that_it_is_for(goal: WaitGoal, statuses: list[str]) -> None:
    watch = CallWatch(made(""))
    for status in statuses:
        assert not watch.has_reached(goal)
        see(watch, status)
    assert watch.has_reached(goal)
    assert watch.describe()["result"]["status"] == statuses[-1]
    assert watch.describe()["reason"] == "None"


@pytest.mark.parametrize("goal", GOALS)
def test_a_call_that_is_gone_ends_every_wait(goal: WaitGoal) -> None:
    watch = CallWatch(made(""))
    watch.see_gone()
    assert watch.has_reached(goal)
    described = watch.describe()
    assert described["result"]["status"] == "Ended"
    assert described["reason"] == "NoAnswer"
    assert described["finalstatus"] == "Success"


def test_a_call_that_ends_keeps_the_reason_of_the_pbx() -> None:
    watch = CallWatch(made())
    see(watch, "Connected")
    assert not watch.has_reached("ended")
    watch.see_gone()
    assert (watch.describe()["result"]["status"], watch.describe()["reason"]) == ("Ended", "None")


@pytest.mark.parametrize("status", ["Failed", "rejected", -1, "-1", 0, "0"])
@pytest.mark.parametrize("goal", GOALS)
def test_a_call_that_failed_is_not_waited_for(status: Any, goal: WaitGoal) -> None:
    answer = {"finalstatus": status, "reason": "PhoneBusy", "result": None, "reasontext": "busy"}
    watch = CallWatch(answer)
    assert watch.has_reached(goal)
    assert watch.describe() == answer


@pytest.mark.parametrize("status", ["Success", 1, "1", None, "Accepted"])
def test_a_call_that_may_have_been_made_is_waited_for(status: Any) -> None:
    assert not CallWatch(made(finalstatus=status)).has_reached("answered")


@pytest.mark.parametrize("result", [None, {}, {"id": None}, {"id": 0}, "", [], 5])
def test_a_participant_that_is_not_named_is_found(result: Any) -> None:
    watch = CallWatch(made(result=result))
    assert watch.participant is None
    other, mine = (
        Participant.from_json(leg("Connected", 1)),
        Participant.from_json(leg("Dialing", 2, party_dn="101")),
    )
    assert watch.find([other, mine], "101", ()) == mine
    assert watch.find([other, mine], "222", ()) == mine, "the only one that dials"
    assert watch.find([other, mine], "101", {2}) is None
    assert watch.find([other], "101", ()) is None


def test_a_leg_of_the_same_call_is_found_by_its_call_id() -> None:
    watch = CallWatch(made(result={"callid": 9}))
    legs = [
        Participant.from_json(leg("Dialing", 3, callid=8)),
        Participant.from_json(leg("Ringing", 4, callid=9)),
    ]
    assert watch.find(legs, "101", ()) == legs[1]


def test_an_answer_that_cannot_be_read_is_refused() -> None:
    with pytest.raises(UnusableResponseError):
        CallWatch(made(result={"id": "seven"}))


def test_an_unfinished_wait_says_that_the_call_was_made() -> None:
    described = CallWatch(made()).describe_unfinished("WaitTimeout", "the call was not answered within 5 s")
    assert described["reason"] == "WaitTimeout"
    assert described["reasontext"].endswith("; the call was made, and is not made again")
    assert described["result"]["status"] == "Dialing"


@given(st.lists(st.sampled_from(STATUSES), max_size=12), st.sampled_from(GOALS))
def test_whatever_is_seen_the_answer_of_the_pbx_stays(statuses: list[str], goal: WaitGoal) -> None:
    watch = CallWatch(made())
    reached = watch.has_reached(goal)
    for status in statuses:
        see(watch, status)
        # A goal that was reached stays reached, but a call that rang may be seen in another state later.
        assert watch.has_reached(goal) or not (reached and goal != "ringing")
        reached = watch.has_reached(goal)
    watch.see_gone()
    described = watch.describe()
    assert watch.has_reached(goal)
    assert described["finalstatus"] == "Success"
    assert described["result"]["callid"] == 5
    assert (described["reason"] == "NoAnswer") == ("Connected" not in statuses)
