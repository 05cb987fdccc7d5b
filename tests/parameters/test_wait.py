"""The parameters that say what a new call is waited for."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from threecx_node.errors import ParameterError
from threecx_node.options import DEFAULT_WAIT, WAIT_GOALS
from threecx_node.parameters.wait import Wait, WaitGoal, read_wait, take_wait
from threecx_node.values.undefined import UNDEFINED


@pytest.mark.parametrize("value", [None, "", " ", UNDEFINED, "nothing", "Nothing"])
def test_nothing_is_waited_for(value: Any) -> None:
    assert read_wait({"waitFor": value, "waitTimeout": 5}).goal == "nothing"


def test_the_goals_are_those_of_the_options() -> None:
    assert get_args(WaitGoal) == WAIT_GOALS


@pytest.mark.parametrize("value", ["ringing", "Answered", " ENDED "])
def test_the_goals(value: str) -> None:
    wait = read_wait({"waitFor": value})
    assert (wait.goal, wait.timeout) == (value.strip().lower(), DEFAULT_WAIT)


@pytest.mark.parametrize(("value", "seconds"), [("90", 90), (2.5, 2.5), (86_400, 86_400), ("", DEFAULT_WAIT)])
def test_the_time_limit(value: Any, seconds: float) -> None:
    assert read_wait({"waitFor": "answered", "waitTimeout": value}) == Wait("answered", seconds)


@pytest.mark.parametrize("value", ["connected", 5, True, ["answered"], {"a": 1}])
def test_a_wrong_goal_is_named(value: Any) -> None:
    with pytest.raises(
        ParameterError, match=r"^waitFor: expected nothing, ringing, answered, ended, got "
    ) as caught:
        read_wait({"waitFor": value})
    assert caught.value.field == "waitFor"


@pytest.mark.parametrize("value", [0, -1, 86_401, "soon", True, float("nan"), float("inf"), "INF", [5], {}])
def test_a_wrong_time_limit_is_named(value: Any) -> None:
    with pytest.raises(
        ParameterError, match=r"^waitTimeout: expected a number of seconds from 0\.1 to 86,400, got "
    ) as caught:
        read_wait({"waitFor": "answered", "waitTimeout": value})
    assert caught.value.field == "waitTimeout"


def test_the_wait_is_not_a_part_of_the_body() -> None:
    given: dict[str, Any] = {}
    assert take_wait({"destination": "101", "waitFor": "ended", "waitTimeout": 5}, given) == {
        "destination": "101"
    }
    assert given == {"waitFor": "ended", "waitTimeout": 5}
    assert take_wait("text", given) == "text"
