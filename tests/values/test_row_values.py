"""Values of rows that a PBX returns, of which some are not what they should be."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from threecx_node.values.row_values import read_time


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        ("2026-03-01T08:00:00+02:00", datetime(2026, 3, 1, 6, tzinfo=UTC)),
        ("0001-01-01T00:00:00+02:00", None),
        ("9999-12-31T23:59:59-05:00", None),
        ("soon", None),
        (5, None),
    ],
)
def test_times(value: Any, moment: datetime | None) -> None:
    assert read_time(value) == moment
