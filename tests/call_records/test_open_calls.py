"""Legs of long lists are put together to calls, in any order and without keeping the whole list."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from threecx_node.call_records.call_rows import EXTENSION, LegRow, Party
from threecx_node.call_records.groups import Groups
from threecx_node.call_records.open_calls import OpenCalls
from threecx_node.call_records.recorded_call import RecordedCall

START = datetime(2026, 3, 1, 8, tzinfo=UTC)


def make_leg(call: str, number: int, started: datetime, seconds: float = 60) -> LegRow:
    party = Party("100", "100", "Ada", EXTENSION)
    return LegRow(call, f"{call}-{number}", started, 5, seconds, True, party, party, "internal")


def list_calls(days: int, per_day: int) -> list[LegRow]:
    """Calls of three legs each, which overlap."""
    legs = []
    for number in range(days * per_day):
        began = START + timedelta(days=number / per_day)
        legs += [
            make_leg(f"call-{number}", part, began + timedelta(minutes=25 * part), 25 * 60)
            for part in range(3)
        ]
    return legs


def read(legs: list[LegRow], page: int = 100) -> tuple[list[RecordedCall], int]:
    """Return the calls, and the most legs that were kept at a time."""
    calls, found, kept, most = OpenCalls(), [], 0, 0
    for at in range(0, len(legs), page):
        rows = legs[at : at + page]
        complete = calls.add([(leg, [leg.call]) for leg in rows])
        kept += len(rows)
        most = max(most, kept)
        kept -= sum(len(call.legs) for call in complete)
        found += complete
    return [*found, *calls.close()], most


def test_lists_in_order_stay_small_in_memory() -> None:
    legs = sorted(list_calls(10, 200), key=lambda leg: leg.started)
    for each in (legs, legs[::-1]):
        calls, most = read(each)
        assert sorted(call.id for call in calls) == sorted({leg.call for leg in legs})
        assert all(len(call.legs) == 3 for call in calls)
        assert most < len(legs) / 10


def test_lists_without_order_are_read_to_their_end() -> None:
    legs = list_calls(3, 50)
    random.Random(1).shuffle(legs)  # noqa: S311 (an order)
    calls, most = read(legs)
    assert [len(call.legs) for call in calls] == [3] * 150
    assert most == len(legs)
    assert [call.id for call in calls] == list(dict.fromkeys(leg.call for leg in legs))


def test_legs_that_begin_at_the_same_time_wait() -> None:
    calls, _ = read([make_leg(f"call-{number % 7}", number, START) for number in range(700)])
    assert [len(call.legs) for call in calls] == [100] * 7


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
