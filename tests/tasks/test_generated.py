"""The reference of the tasks is up to date, and each example in it runs."""

from __future__ import annotations

import itertools
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import ROOT, run_generator
from tests.tasks.support import run_task
from threecx_node import Item
from threecx_node.catalog import load_catalog
from threecx_node.catalog.tasks import TASKS
from threecx_node.cli.describe import describe_operation
from threecx_node.cli.describe_task import build_task_example
from threecx_node.cli.inputs import read_body, read_parameters
from threecx_node.execution.plan import Planner
from threecx_node.simulator import Simulator
from threecx_node.tasks.registry import CODES
from threecx_node.tasks.requests import OperationRunner
from tools.build_tasks import GENERATOR, PAGE

CATALOG = load_catalog()
# Tasks on a live call, which a fresh PBX does not have.
ON_CALLS = {"TransferCall", "HangUpCall"}
# A task is in the releases that have all operations that it declares; in others it does without these.
NOT_IN_ALL_RELEASES = {"GetOldCallLogData", "ListHoliday", "CreateHoliday"}


def test_the_page_is_up_to_date(tmp_path: Path) -> None:
    run_generator("tools.build_tasks", tmp_path)
    assert (tmp_path / PAGE).read_bytes() == (ROOT / PAGE).read_bytes(), f"run {GENERATOR}"


@pytest.fixture(scope="module")
def pbx() -> Iterator[Simulator]:
    with Simulator() as running:
        yield running


@pytest.mark.parametrize("task", TASKS)
def test_the_example_runs(pbx: Simulator, task: str, monkeypatch: pytest.MonkeyPatch) -> None:
    used, find_planner = set(), OperationRunner._find_planner

    def note(runner: OperationRunner, operation: str) -> Planner:
        used.add(operation)
        return find_planner(runner, operation)

    monkeypatch.setattr(OperationRunner, "_find_planner", note)
    words = shlex.split(build_task_example(TASKS[task]))
    assert words[:3] == ["threecx", "execute", task]
    given = [value for option, value in itertools.pairwise(words) if option == "-p"]
    parameters = read_parameters(given)
    for option, value in itertools.pairwise(words):
        if option == "--body":
            parameters["body"] = read_body(value)
    pbx.state.reset()
    for dry_run in (True, False):
        [result] = run_task(pbx, task, [Item({}, parameters)], dry_run=dry_run)
        if task not in ON_CALLS:
            assert result.error is None, result.error.one_line()
    assert used <= {*TASKS[task].uses, *NOT_IN_ALL_RELEASES}


def test_each_task_has_code() -> None:
    assert set(CODES) == set(TASKS)


@pytest.mark.parametrize("task", TASKS)
def test_the_declaration_is_whole(task: str) -> None:
    declared = TASKS[task]
    operation = CATALOG.operation(task)
    assert operation.releases[-1] == CATALOG.newest
    assert declared.resource in CATALOG.resources
    assert all(each in CATALOG.operation_ids for each in declared.uses)
    names = [each.name for each in declared.parameters]
    assert len(names) == len(set(names))
    for each in declared.parameters:
        assert each.description
        assert not each.description.endswith(".")
        assert (each.type == "reference") == bool(each.reference)
        assert each.fields_of in ("", *CATALOG.operation_ids)
        assert set(each.shown_for) <= set(names)
        if each.choices and each.default is not None and not each.multiple:
            assert each.default in [value for value, _ in each.choices]
    described = describe_operation(CATALOG, operation)
    assert [each["name"] for each in described["parameters"]] == names
