"""`threecx describe`: defaults, names of numbers, and notes on operations that surprise."""

from __future__ import annotations

import json

import pytest

from .conftest import run


def test_defaults_and_choices_are_described() -> None:
    text = run("describe", "GetCallLogData").out
    assert "hidePcalls              Boolean, true where it is not given" in text
    assert (
        "callsType               Int32: all (0), answered (1), unanswered (2), or another number of 3CX, 0 where"
        in text
    )
    parameters = {
        each["name"]: each
        for each in json.loads(run("describe", "GetCallLogData", "--json").out)["parameters"]
    }
    assert parameters["callsType"]["choices"] == {"all": 0, "answered": 1, "unanswered": 2}
    assert (parameters["hidePcalls"]["required"], parameters["hidePcalls"]["default"]) == (False, True)
    assert parameters["periodFrom"] == {"name": "periodFrom", "type": "DateTimeOffset", "required": True}


@pytest.mark.parametrize(
    ("operation", "note"),
    [
        ("ListCallHistoryView", "No new calls since 3CX 20.0.6; use Get Report of Report Call Log Data"),
        ("DownloadCallHistory", "No new calls since 3CX 20.0.6; use Download Report of Report Call Log Data"),
        (
            "GetCallLogData",
            "Calls of a period, one row per leg; leave Order By empty, because sorting drops the newest rows",
        ),
    ],
)
def test_surprising_call_logs_have_a_note(operation: str, note: str) -> None:
    assert note in run("describe", operation).out
    assert json.loads(run("describe", operation, "--json").out)["note"] == note
