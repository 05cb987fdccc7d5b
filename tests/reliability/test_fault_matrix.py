"""The fault matrix: what results say about a faulty PBX is what the PBX did."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Iterator

import pytest

from tests.reliability.cells import Bad, Complaints, Verdict, cells, run_cells
from tests.reliability.faults import FAULTS, LOGIN_FAULTS
from tests.reliability.kinds import KINDS
from tests.reliability.table import PAGE, read_table, write_table

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def matrix() -> Iterator[tuple[list[Verdict], Complaints]]:
    """All verdicts, and what the event loop and the libraries complained about. It is run once."""
    complaints = Complaints()
    logging.getLogger().addHandler(complaints)

    async def run() -> list[Verdict]:
        asyncio.get_running_loop().set_exception_handler(complaints.take)
        return await run_cells(cells())

    try:
        yield asyncio.run(run()), complaints
    finally:
        logging.getLogger().removeHandler(complaints)


Matrix = tuple[list[Verdict], Complaints]


def _with(matrix: Matrix, kind: Bad) -> list[str]:
    return [str(each) for each in matrix[0] if kind in each.bad]


def test_matrix_has_at_least_28_faults_and_7_kinds_of_operations(matrix: Matrix) -> None:
    assert len(FAULTS) >= 28
    assert len(KINDS) >= 7
    met = Counter(each.cell.kind.name for each in matrix[0])
    assert min(met.values()) >= 2 * 28
    assert len(LOGIN_FAULTS) >= 20
    assert _with(matrix, "UNMET") == []


def test_no_result_says_something_else_than_the_pbx_did(matrix: Matrix) -> None:
    assert _with(matrix, "LIE") == []


def test_no_change_is_carried_out_twice(matrix: Matrix) -> None:
    assert _with(matrix, "DOUBLED") == []


def test_no_fault_lets_a_batch_hang(matrix: Matrix) -> None:
    assert _with(matrix, "HANG") == []


def test_no_fault_causes_an_internal_error(matrix: Matrix) -> None:
    assert _with(matrix, "CRASH") == []
    assert matrix[1].words == []


def test_no_fault_that_passes_lets_an_item_fail_needlessly(matrix: Matrix) -> None:
    assert _with(matrix, "NEEDLESS") == []


def test_no_fault_leaves_a_connection_open(matrix: Matrix) -> None:
    assert _with(matrix, "LEAK") == []


def test_table_in_the_documentation_is_the_present_one(matrix: Matrix) -> None:
    table = read_table(PAGE.read_text("utf-8"))
    assert table == write_table(matrix[0]), "run make reliability"
