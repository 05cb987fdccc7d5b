"""Set User Status: the task, through the library, on a simulator."""

from __future__ import annotations

import pytest

from tests.tasks.support import do, do_again, plan, read, refuse
from threecx_node.simulator import Simulator


def test_a_status_is_set_once(threecx_simulator: Simulator) -> None:
    pbx = threecx_simulator
    assert do(pbx, "SetUserStatus", user="112", status="lunch") == {
        "action": "updated",
        "changed": ["CurrentProfileName"],
        "user": "112",
        "status": "Lunch",
        "previousStatus": "Available",
    }
    [user] = read(pbx, "GetUserByNumber", number="112")
    assert user["CurrentProfileName"] == "Custom 1"
    do_again(pbx, "SetUserStatus", user=112.0, status="LUNCH")


def test_a_dry_run_reads_and_shows_the_change(threecx_simulator: Simulator) -> None:
    [request] = plan(threecx_simulator, "SetUserStatus", user="112", status="Do not disturb")
    assert request["method"] == "PATCH"
    assert request["url"].endswith("/xapi/v1/Users(20)")
    assert request["body"] == {"CurrentProfileName": "Out of office"}


@pytest.mark.parametrize(
    ("user", "status", "says"),
    [
        ("999", "away", 'user: there is no user "999"'),
        ("nobody@example.com", "away", 'user: there is no user "nobody@example.com"'),
        ("112", "Awai", "Did you mean 'Away'?"),
        ("", "away", "user is required, but it is empty"),
        ("112", None, "status is required, but it is null"),
        ({"Number": "112"}, "away", "user: expected an extension number or an e-mail address, got an object"),
        ("O'Brien", "away", 'there is no user "O\'Brien"'),
    ],
)
def test_bad_input(threecx_simulator: Simulator, user: object, status: object, says: str) -> None:
    assert says in refuse(threecx_simulator, "SetUserStatus", user=user, status=status)
