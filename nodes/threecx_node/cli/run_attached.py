"""Listen through a running executor: events to standard output, notes to standard error, until a signal or an error."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING

from ..values.json import dumps
from ..values.safe_text import escape_json
from .event_texts import describe_document
from .live_table import make_event_table
from .run_listen import run_until_signal
from .streams import say

if TYPE_CHECKING:
    from .output_thread import OutputThread
    from .remote_events import Subscriber


def run_attached(subscriber: Subscriber, *, is_table: bool) -> None:
    """Show events until a signal. Raise the error that ends the listening, and OutputError."""

    async def listen(output: OutputThread) -> None:
        table = make_event_table(subscriber.events)
        async with aclosing(subscriber.read(_note)) as events:
            async for event in events:
                if is_table:
                    row = table.render_head() if event is None else table.render_row(describe_document(event))
                    await output.write(row)
                elif event is not None:
                    await output.write(escape_json(dumps(event)) + b"\n")

    asyncio.run(run_until_signal(listen))


def _note(line: str) -> None:
    say(f"threecx: {line}")
