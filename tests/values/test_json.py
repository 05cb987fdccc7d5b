"""JSON that comes from others: UTF-8 only, with or without a byte order mark."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from threecx_node.values.json import dumps, loads

TEXT = '{"value": []}'
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"])
def test_another_encoding_is_not_json(encoding: str) -> None:
    with pytest.raises(ValueError, match=r"codec|Expecting"):
        loads(TEXT.encode(encoding))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_a_byte_order_mark_is_left_out(encoding: str) -> None:
    assert loads(TEXT.encode(encoding)) == {"value": []}


@given(VALUES)
def test_what_is_written_is_read(value: Any) -> None:
    assert loads(dumps(value)) == value


def test_a_lone_surrogate_is_kept() -> None:
    assert loads(b'"\xed\xa0\x80"') == "\ud800"
    assert loads(b'"\\ud800"') == "\ud800"
