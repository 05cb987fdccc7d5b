"""`--dry-run --verify`: what a batch would change, before and after, without a change."""

from __future__ import annotations

import json
from typing import Any

from tests.cli.conftest import Threecx
from threecx_node.simulator import Simulator


def verify(threecx: Threecx, pbx: Simulator, *arguments: str, items: list[Any] | None = None) -> Any:
    """Run a batch with --verify, and return the requests of its results; nothing may be written."""
    given = ("--items", "-") if items is not None else ()
    ran = threecx("execute", *arguments, *given, "--dry-run", "--verify", stdin=json.dumps(items))
    written = [each for each in pbx.requests if each.method != "GET" and "token" not in each.path]
    assert not written
    return [each.get("request", each) for each in ran.json]


def test_a_deletion_shows_the_entry_before(threecx: Threecx, pbx: Simulator) -> None:
    user = pbx.state.entities("Users")[1]
    items = [{"Id": user["Id"]}, {"Id": 424242}]
    there, missing = verify(threecx, pbx, "DeleteUser", "-p", "Id=={{ $json.Id }}", items=items)
    assert (there["change"], there["exists"], there["after"]) == ("delete", True, None)
    assert there["before"]["Number"] == user["Number"]
    assert there["method"] == "DELETE"
    assert (missing["change"], missing["exists"]) == ("nothing: it does not exist", False)


def test_an_update_shows_the_fields_that_change(threecx: Threecx, pbx: Simulator) -> None:
    user = pbx.state.entities("Users")[1]
    same = {"FirstName": user["FirstName"]}
    for body, before, after in (
        ({**same, "LastName": "Changed"}, {"LastName": user["LastName"]}, {"LastName": "Changed"}),
        (same, None, None),
    ):
        [row] = verify(threecx, pbx, "UpdateUser", "-p", f"Id={user['Id']}", "--body", json.dumps(body))
        assert (row["before"], row["after"]) == (before, after)
    assert row["change"] == "nothing: all fields have these values"


def test_a_create_says_whether_the_number_exists(threecx: Threecx, pbx: Simulator) -> None:
    number = pbx.state.entities("Users")[1]["Number"]
    for given, exists in ((number, True), ("178", False)):
        body = json.dumps({"Number": given, "FirstName": "Ada"})
        [row] = verify(threecx, pbx, "CreateUser", "--body", body)
        assert row["exists"] is exists
        assert row["after"]["FirstName"] == "Ada"


def test_the_table_has_columns_of_the_change(threecx: Threecx, pbx: Simulator) -> None:
    user = pbx.state.entities("Users")[1]
    ran = threecx("execute", "DeleteUser", "-p", f"Id={user['Id']}", "--dry-run", "--verify", "-o", "table")
    assert "change" in ran.out
    assert "before" in ran.out
    assert "delete" in ran.out


def test_verify_needs_a_dry_run(threecx: Threecx) -> None:
    ran = threecx("execute", "DeleteUser", "-p", "Id=1", "--verify")
    assert ran.code == 2
    assert "--dry-run" in ran.err
