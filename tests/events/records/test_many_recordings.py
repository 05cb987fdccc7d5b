"""A burst of recordings: all are reported, with a bounded number of requests at once."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any, cast

from tests.events.records.rows import Lists, make_recording
from threecx_node.catalog import load_catalog
from threecx_node.events.records.poller import RecordPoller

COUNT = 700


class Counting(Lists):
    under_way = most = 0

    async def has_file(self, recording: int) -> bool:
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        await asyncio.sleep(0)
        self.under_way -= 1
        return recording in self.files


def test_a_burst_of_recordings_is_reported_within_a_few_polls() -> None:
    async def run() -> None:
        pbx, seconds = Counting(), [0.0]
        executor = cast("Any", SimpleNamespace(catalog=load_catalog()))
        poller = RecordPoller(executor, "pbx", reader=pbx, clock=lambda: seconds[0], utc_now=lambda: pbx.now)
        types = frozenset({"recording.ready"})
        cursor = (await poller.poll(types, None)).cursor
        for number in range(1, COUNT + 1):
            pbx.add("ListRecording", make_recording(number, pbx.now))
            pbx.files.add(number)
        found = []
        for _ in range(9):
            seconds[0] += 5
            result = await poller.poll(types, cursor)
            cursor = result.cursor
            found += [each.data["recording"]["id"] for each in result.events]
        assert found == list(range(1, COUNT + 1))
        assert 1 < pbx.most <= 8

    asyncio.run(run())
