"""The bounds of the options that are numbers: the same on the command line, in the service, n8n and the library."""

from __future__ import annotations

import math
from typing import Any

import pytest

from tests.cli.conftest import run as run_threecx
from tests.service.conftest import serving
from tests.support import credential, deleting, run
from threecx_node import Executor
from threecx_node.errors import ConfigurationError, UsageError
from threecx_node.execution.executor import Item
from threecx_node.options import BOUNDS, MAX_CONCURRENCY, MAX_TIMEOUT, BatchOptions, Options

OUTSIDE: list[tuple[str, Any]] = [
    *[("timeout", value) for value in (math.inf, -math.inf, math.nan, 1e308, 3600, 0, -1, True, "60", None)],
    *[("concurrency", value) for value in (1000, 101, 0, -1, 10**400, 10**5000, 8.0, math.nan, "8")],
    *[("max_response_bytes", value) for value in (0, -1, 2**60, math.inf)],
    *[("max_items", value) for value in (0, -5, 10**10, math.nan)],
    *[("page_size", value) for value in (0, 10**9)],
    *[("max_body_bytes", value) for value in (0, -1, 2**60)],
    *[("retry_time", value) for value in (-1, math.inf, math.nan, 10**6)],
]


@pytest.mark.parametrize(
    ("name", "value"), OUTSIDE, ids=[f"{index} {each[0]}" for index, each in enumerate(OUTSIDE)]
)
def test_the_library_refuses_a_number_outside_its_bounds(name: str, value: Any) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Options(**{name: value})
    error = caught.value
    assert str(BOUNDS[name]) in error.message
    assert error.field is not None
    assert error.field.casefold() == name.replace("_", "")
    assert len(error.one_line()) < 250


@pytest.mark.parametrize("options", [{"connections": 10**6}, {"connect_timeout": math.inf}])
def test_an_executor_refuses_a_number_outside_its_bounds(options: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError):
        Executor(credential(), **options)


@pytest.mark.parametrize(
    "given",
    [{"concurrency": 1000}, {"timeout": 3600}, {"options": {"timeout": "1e308"}}, {"retryTime": 4000}],
)
def test_shared_parameters_outside_the_bounds_are_refused(given: dict[str, Any]) -> None:
    pbx = deleting()
    with pytest.raises(UsageError, match=r"must be a .*number from"):
        run(pbx, "DeleteCallFlowApp", [{"Id": 5}], {"Id": "={{ $json.Id }}", **given})
    assert (pbx.requests, pbx.logins) == ([], 0)


@pytest.mark.parametrize(
    ("given", "note"),
    [
        ({"concurrency": 1000}, "Concurrency is 1,000; 100, the limit, was used instead"),
        ({"timeout": 3600}, "Timeout is 3,600 seconds; 600 seconds, the limit, was used instead"),
        ({"retryTime": 4000}, "Retry Time is 4,000 seconds; 3,600 seconds, the limit, was used instead"),
        ({"timeout": 0.001}, "Timeout is 0.001 seconds; 0.01 seconds, the limit, was used instead"),
    ],
)
def test_a_stored_workflow_with_a_larger_value_still_runs(given: dict[str, Any], note: str) -> None:
    """n8n has no upper bound for these options, and sends them with each item."""
    pbx = deleting()
    batch = run(pbx, "DeleteCallFlowApp", [Item({}, {"Id": 5, "options": given})])
    assert batch.exit_code == 0
    assert len(pbx.requests) == 1
    assert batch.notes == (note,)


def test_the_values_of_a_copied_node_are_bounded() -> None:
    options = Options().with_batch_options(BatchOptions(concurrency=10**5000, timeout=1e308))
    assert (options.concurrency, options.timeout) == (MAX_CONCURRENCY, MAX_TIMEOUT)
    assert len(options.notes) == 2


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments",
    [
        *[("--timeout", value) for value in ("inf", "nan", "1e308", "3600", "0", "-1")],
        *[("--concurrency", value) for value in ("1000", "0")],
        *[
            ("--retry-time", "-1"),
            ("--retry-time", "inf"),
            ("--max-items", "0"),
            ("--max-response", "0"),
            ("--max-body-bytes", "0"),
        ],
        *[("-p", value) for value in ("concurrency=1000", "timeout=3600", "options.concurrency=1000")],
    ],
    ids=" ".join,
)
def test_the_command_line_refuses_a_number_outside_its_bounds(arguments: tuple[str, str]) -> None:
    ran = run_threecx("execute", "ListUser", "--base-url", "http://127.0.0.1:9", "--dry-run", *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert len(ran.err.strip().splitlines()) == 1
    assert "number from" in ran.err or "options.concurrency" in ran.err


@pytest.mark.parametrize(
    "options",
    [
        {"timeout": 3600},
        {"timeout": 1e308},
        {"timeout": 0},
        {"concurrency": 1000},
        {"retryTime": -1},
        {"maxItems": 0},
        {"maxResponse": 0},
    ],
)
def test_the_service_refuses_a_number_outside_its_bounds(options: dict[str, Any]) -> None:
    pbx = {"baseUrl": "http://127.0.0.1:9", "clientId": "a", "clientSecret": "b"}
    with serving() as client:
        body = {"operation": "ListUser", "items": [{}], "options": options, "pbx": pbx}
        answer = client.post("/v1/execute", json=body)
    assert answer.status_code == 422
    assert f"options.{next(iter(options))}" in answer.json()["title"] + answer.json().get("detail", "")
