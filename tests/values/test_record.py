"""Records are dataclasses with slots; tests/typing/api.py checks that a type checker refuses to change one."""

from __future__ import annotations

from dataclasses import field, fields, replace

import pytest

from threecx_node.values.record import record


@record
class Point:
    x: int
    names: list[str] = field(default_factory=list, compare=False)


def test_a_record_is_a_dataclass() -> None:
    point = Point(1, ["a"])
    assert repr(point) == "Point(x=1, names=['a'])"
    assert point == Point(1)
    assert replace(point, x=2) == Point(2)
    assert [each.name for each in fields(point)] == ["x", "names"]
    assert Point(1).names is not Point(1).names


def test_a_record_has_no_other_attributes() -> None:
    with pytest.raises(AttributeError):
        Point(1).other = 2  # type: ignore[attr-defined]  # is what the test is about
