"""Tables whose rows are computed: a period is found by computing few of them."""

from __future__ import annotations

from typing import Any

from threecx_node.simulator.odata.records import Record
from threecx_node.simulator.store.lazy_table import LazyTable
from threecx_node.simulator.store.memory import MemoryStore

COUNT = 100_000


def name_time(number: int) -> str:
    # Two rows have one time.
    return f"{number // 2:08d}"


def test_a_period_computes_few_rows() -> None:
    computed: list[int] = []

    def compute(number: int) -> dict[str, Any]:
        computed.append(number)
        return {"Id": number, "Time": name_time(number)}

    table = LazyTable(COUNT, compute, "Time")
    found = table.list_between(name_time(500), name_time(504))
    assert [each.value["Id"] for each in found] == [500, 501, 502, 503, 504, 505]
    assert len(computed) < 100
    assert table.list_between("", "0") == []
    assert len(table.list_between("", "9")) == COUNT


def test_a_period_has_changed_and_added_rows() -> None:
    store = MemoryStore()
    store.put_lazy_rows("Calls", 10, lambda number: {"Id": number, "Time": name_time(number)}, "Time")
    store.put("Calls", 4, {"Id": 4, "Time": name_time(8)})
    store.put("Calls", 11, {"Id": 11, "Time": name_time(4)})
    store.delete("Calls", 5)
    for field, table in (("Time", "Calls"), ("Id", "Others")):
        found = store.list_between(table, field, name_time(4), name_time(8))
        assert sorted(each.value["Id"] for each in found) == ([4, 6, 7, 8, 9, 11] if table == "Calls" else [])


def test_a_table_in_memory_has_periods_too() -> None:
    store = MemoryStore()
    for number in range(1, 5):
        store.put("Calls", number, {"Id": number, "Time": name_time(number)})
    found: list[Record] = store.list_between("Calls", "Time", name_time(2), name_time(3))
    assert [each.value["Id"] for each in found] == [2, 3]
