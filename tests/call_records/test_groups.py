"""Rows are put together by the keys that they have in common."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from threecx_node.call_records.groups import Groups


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=60))
def test_groups_are_those_that_are_connected(pairs: list[tuple[int, int]]) -> None:
    groups: Groups[int] = Groups()
    for number, pair in enumerate(pairs):
        groups.add(number, pair)
    found = list(groups)
    assert sorted(number for group in found for number in group) == list(range(len(pairs)))
    keys = [{key for number in group for key in pairs[number]} for group in found]
    assert all(first.isdisjoint(second) for at, first in enumerate(keys) for second in keys[at + 1 :])
    for group in found:
        reached, before = {group[0]}, set[int]()
        while reached != before:
            before = set(reached)
            known = {key for number in reached for key in pairs[number]}
            reached |= {number for number in group if not known.isdisjoint(pairs[number])}
        assert reached == set(group)
    assert groups.take(lambda group: 0 in group) == [group for group in found if 0 in group]
    assert list(groups) == [group for group in found if 0 not in group]
