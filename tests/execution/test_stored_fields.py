"""The comparison of sent fields with stored ones: equal, certainly different, or unclear."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from threecx_node.execution.stored_fields import compare_fields


@pytest.mark.parametrize(
    ("sent", "stored", "expected"),
    [
        ("Ada", "Ada", "equal"),
        ("Ada", "Grace", "different"),
        ("Ada", "ada", "unclear"),
        ("Ada ", "Ada", "unclear"),
        ("+49 30 1", "+49301", "unclear"),
        ("A, B", "A,B", "unclear"),
        ("Ada", None, "different"),
        (None, "Ada", "different"),
        (None, None, "equal"),
        ("", None, "unclear"),
        (None, "", "unclear"),
        ("1e3", "1000", "different"),
        (5, 5, "equal"),
        (5, "5", "equal"),
        (5, 5.0, "equal"),
        (5, 6, "different"),
        (2**60, str(2**60), "equal"),
        (True, True, "equal"),
        (True, False, "different"),
        (True, "true", "unclear"),
        ("2026-01-01T00:00:00Z", "2026-01-01T01:00:00+01:00", "equal"),
        ("2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z", "different"),
        ("secret", "*****", "unclear"),
        ([1, 2], [1, 2], "equal"),
        ([1, 2], [2, 1], "unclear"),
        ([1, 2], [1], "different"),
        ([{"Id": 1}], [{"Id": 1, "Name": "A"}], "equal"),
        ([{"Id": 1}, {"Id": 2}], [{"Id": 2}, {"Id": 1}], "unclear"),
        ([{"Id": 0}], [{"Id": 17}], "unclear"),
        ([], [], "equal"),
        ([], [{"Id": 1}], "unclear"),
        ({"A": 1}, {"A": 1, "B": 2}, "equal"),
        ({"A": 1}, {"A": 2}, "different"),
        ({"A": 1}, {}, "unclear"),
        ({}, {}, "unclear"),
        ({"A": 1}, None, "unclear"),
    ],
)
def test_a_field(sent: Any, stored: Any, expected: str) -> None:
    assert compare_fields({"Field": sent}, {"Field": stored}) == expected


def test_several_fields() -> None:
    assert compare_fields({"A": 1, "B": 2}, {"A": 1}) == "unclear"
    assert compare_fields({"A": 1, "B": 2}, {"A": 2}) == "different"
    assert compare_fields({"@odata.type": "x"}, {"A": 2}) == "unclear"
    assert compare_fields({"AuthPassword": "a"}, {"AuthPassword": "b"}) == "unclear"
    assert compare_fields({"AuthPassword": "a"}, {"AuthPassword": "a"}) == "equal"


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


@given(st.dictionaries(st.text(), values, max_size=5), st.dictionaries(st.text(), values, max_size=5))
def test_anything_can_be_compared(sent: dict[str, Any], stored: dict[str, Any]) -> None:
    assert compare_fields(sent, stored) in ("equal", "different", "unclear")
    assert compare_fields(sent, sent) != "different"
