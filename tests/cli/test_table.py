"""The table of results: state, attempts and fields of each item."""

from __future__ import annotations

import pytest

from threecx_node import Result
from threecx_node.cli.output import write_results
from threecx_node.errors import ResponseError


def test_states_and_attempts(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    unknown = ResponseError("answered 504", http_code=504, item_index=1)
    unknown.mark_unknown()
    write_results(
        [
            Result(0, items=[{"json": {"deleted": True, "Id": 5, "attempts": 2}}], attempts=2),
            Result(1, error=unknown, attempts=3),
            Result(2, error=ResponseError("refused", http_code=400, item_index=2)),
            Result(3, items=[{"json": {"deleted": True, "Id": 6}}]),
        ]
    )
    head, _, *rows = [line for line in capsys.readouterr().out.splitlines() if line.strip()]
    assert head.split() == ["item", "result", "deleted", "Id", "error"]
    assert [row.split("  ")[0].strip() for row in rows] == ["0", "1", "2", "3"]
    for row, state in zip(
        rows, ("ok, 2 attempts ", "unknown (504), 3 attempts ", "failed (400) ", "ok "), strict=True
    ):
        assert f" {state}" in row
