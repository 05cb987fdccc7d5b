"""The rights of a client, judged by the responses of its PBX."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from threecx_node.messages import HttpResponse
from threecx_node.setup import access_checks as judge
from threecx_node.setup.access_checks import Principal
from threecx_node.setup.findings import Finding, Report, make_ok, make_problem


def response(status: int = 200, body: Any = None, text: str | None = None) -> HttpResponse:
    return HttpResponse(status, {}, (json.dumps(body) if text is None else text).encode())


@pytest.mark.parametrize(
    ("health", "may", "status", "says"),
    [
        (200, {"users": True, "callHistory": True}, "ok", "may read users and the call history"),
        (200, {"users": True}, "ok", "but not the call history, which needs System Owner"),
        (200, {}, "problem", "may not read users or the call history"),
        (403, {"callControl": True}, "ok", "Call Control only"),
        (403, {}, "problem", "neither"),
        (500, {}, "problem", "status 500"),
    ],
)
def test_role(health: int, may: dict[str, bool], status: str, says: str) -> None:
    found = judge.judge_role(health, "role", may)
    assert (found.status, says in found.message) == (status, True)


@pytest.mark.parametrize(
    ("status", "principal", "advice"),
    [
        (403, None, "threecx setup-events"),
        (403, Principal(False, ()), "threecx setup-events"),
        (403, Principal(True, ()), "licence"),
        (404, None, "licence"),
        (502, None, "event log"),
        (0, None, "event log"),
    ],
)
def test_call_control(status: int, principal: Principal | None, advice: str) -> None:
    found = judge.judge_call_control(status, "900", principal)
    assert found.status == "problem"
    assert advice in found.advice
    assert judge.judge_call_control(200, "900", None).status == "ok"


def test_monitored() -> None:
    assert judge.judge_monitored([{"dn": "900"}], "900").status == "problem"
    assert "--number 900" in judge.judge_monitored([], "900").advice
    found = judge.judge_monitored([{"dn": str(each)} for each in range(100, 115)] + [{"dn": "900"}], "900")
    assert found.message.startswith("15 DNs: 100, 101")
    assert found.message.endswith("109 and 5 more")
    assert judge.judge_monitored([{"dn": "100"}, {"dn": None}, {}], "900").message == "1 DN: 100"


def licence(**values: Any) -> Finding:
    body = {
        "ProductCode": "3CXENT",
        "MaxSimCalls": 16,
        "LicenseActive": True,
        "ExpirationDate": None,
        **values,
    }
    return judge.judge_licence(response(body=body), may_use_call_control=False)


def test_licence() -> None:
    assert licence().status == "ok"
    assert licence(ExpirationDate="0001-01-01T00:00:00Z").status == "ok"
    assert licence(LicenseActive=False).status == "problem"
    assert "needs" in licence(ProductCode="3CXPRO").advice or "need" in licence(ProductCode="3CXPRO").advice
    assert licence(MaxSimCalls=4).status == "problem"
    soon = datetime.now(UTC) + timedelta(days=3)
    assert "expires on" in licence(ExpirationDate=soon.isoformat()).message
    assert "has expired" in licence(ExpirationDate="2020-01-01T00:00:00Z").message
    # A PBX that lets the client in has the right licence, whatever its name.
    other = response(body={"ProductCode": "NEW", "MaxSimCalls": 4})
    assert judge.judge_licence(other, may_use_call_control=True).status == "ok"
    assert judge.judge_licence(response(403), may_use_call_control=True).status == "notChecked"
    for odd in (response(500), response(text="<html>"), response(body=[1]), response(body=None)):
        assert judge.judge_licence(odd, may_use_call_control=True).status == "problem"
    for name, value in (("ExpirationDate", "soon"), ("ExpirationDate", 5), ("MaxSimCalls", "x")):
        assert licence(**{name: value}).status == "ok"


def test_recordings() -> None:
    assert judge.judge_recordings(200).status == "ok"
    assert "apart from the call history" in judge.judge_recordings(403).advice
    assert judge.judge_recordings(500).status == "problem"


@pytest.mark.parametrize(
    ("version", "newer", "status"),
    [
        (None, "", "notChecked"),
        ("20.0.9.5", "", "ok"),
        ("20.0.11.5", "Import them.", "problem"),
        ("18.0.9.5", "", "problem"),
    ],
)
def test_release(version: str | None, newer: str, status: str) -> None:
    assert judge.judge_release(version, "20.0.4", newer).status == status


@pytest.mark.parametrize(
    ("difference", "status", "says"),
    [
        (None, "notChecked", "Date"),
        (0.4, "ok", "within 5 seconds"),
        (-30, "ok", "30 seconds behind"),
        (61, "problem", "61 seconds ahead"),
        (-7200, "problem", "120 minutes behind"),
    ],
)
def test_clock(difference: float | None, status: str, says: str) -> None:
    found = judge.judge_clock(difference)
    assert (found.status, says in found.message) == (status, True)


def test_token() -> None:
    assert judge.judge_token("900", was_stale=False, lost=0, watched=2).status == "ok"
    assert "2 times" in judge.judge_token("900", was_stale=True, lost=2, watched=2).message
    assert "restarted" in judge.judge_token("900", was_stale=True, lost=0, watched=2).message


def test_bodies_that_are_not_3cx() -> None:
    for odd in (response(text=""), response(text="{"), response(body={"value": 1}), response(body="x")):
        assert judge.read_list(odd) is None
    assert judge.read_list(response(body=[{"dn": "1"}, 5, None])) == [{"dn": "1"}]
    rows = [{"Number": "900", "CallControlEnabled": True, "Peers": [{"Number": "100"}, 3, {}]}]
    assert judge.read_principal(response(body={"value": rows}), "900") == Principal(True, ("100",))
    assert judge.read_principal(response(body={"value": rows}), "901") is None
    assert judge.read_principal(response(403, {"value": rows}), "900") is None


def test_exit_codes() -> None:
    report = Report("https://pbx.example", "900")
    report.add(make_problem("login", "refused", "Check the key."))
    assert (report.ok, report.exit_code) == (False, 3)
    report.add(make_ok("login", "logged in"))
    assert (report.ok, report.exit_code) == (True, 0)
    report.add(make_problem("clock", "wrong", "Set it."))
    assert report.exit_code == 1
    assert report.to_json()["checks"][1] == {
        "name": "clock",
        "status": "problem",
        "message": "wrong",
        "advice": "Set it.",
    }
