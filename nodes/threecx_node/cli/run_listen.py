"""Listen to a PBX: events to standard output, notes to standard error, until a signal or an error."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..callcontrol.call_events import CallEvent, format_time
from ..callcontrol.client import CallControlClient
from ..callcontrol.live_calls import live_calls
from ..errors import ThreeCxError, UsageError
from ..events.model.event_types import find_typed
from ..values.json import dumps
from ..values.safe_text import escape_json
from .interrupts import stop_on_signal
from .live_table import describe_change, describe_event, make_call_table, make_leg_table
from .output_thread import OutputThread
from .streams import say

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence

    from threecx_credentials import Credential

    from ..callcontrol.changes import LegChange
    from ..callcontrol.entities import Dn
    from .live_table import LiveTable

# Errors of the PBX that no other item could avoid: it does not let this client listen.
_NO_ACCESS = frozenset({"call_control_forbidden", "call_control_off"})
_NO_ACCESS_EXIT_CODE = 3
# DNs that a note names.
_NAMED_DNS = 20


@dataclass(frozen=True, slots=True)
class Selection:
    """The events to show: types and extensions, all where empty. `is_raw` shows changes of legs instead."""

    types: frozenset[str]
    extensions: frozenset[str]
    is_raw: bool

    @classmethod
    def of(cls, events: Sequence[str], extensions: Sequence[str], *, raw: bool) -> Selection:
        """Return the selection that the options describe. Raises UsageError for an event that does not exist."""
        if raw and events:
            raise UsageError(
                "--events and --raw are both given", description="Changes of legs are not events of calls."
            )
        chosen = [find_typed(name) for name in events]
        for each in chosen:
            if each.source == "records":
                raise UsageError(
                    f"{each.name} is read from the records of the PBX, which this command does not read",
                    description="Start an executor with `threecx serve`, and give its URL with --executor.",
                    code="records_need_executor",
                )
        return cls(frozenset(each.name for each in chosen), frozenset(extensions), raw)

    def has_event(self, event: CallEvent) -> bool:
        """Return whether an event is shown."""
        return (not self.types or event.type in self.types) and (
            not self.extensions or not self.extensions.isdisjoint((event.extension, *event.extensions))
        )

    def has_change(self, change: LegChange) -> bool:
        """Return whether a change of a leg is shown."""
        return not self.extensions or change.dn in self.extensions


def run_listen(credential: Credential, selection: Selection, *, is_table: bool, grace: float) -> None:
    """Show live calls until a signal. Raises the error that ends the listening, and OutputError."""

    async def listen(output: OutputThread) -> None:
        await _listen(credential, selection, output, is_table=is_table, grace=grace)

    _show_warnings()
    try:
        asyncio.run(run_until_signal(listen))
    except ThreeCxError as error:
        if error.code in _NO_ACCESS:
            error.exit_code = _NO_ACCESS_EXIT_CODE
        raise


async def run_until_signal(listen: Callable[[OutputThread], Coroutine[Any, Any, None]]) -> None:
    """Run `listen` until a signal, or until the output has no reader. Raise its error, and OutputError."""
    end = asyncio.Event()
    stop_on_signal(asyncio.get_running_loop(), end)
    output = OutputThread(on_lost=end.set)
    listening = asyncio.create_task(listen(output))
    ending = asyncio.create_task(end.wait())
    await asyncio.wait({listening, ending}, return_when=asyncio.FIRST_COMPLETED)
    for task in (listening, ending):
        task.cancel()
    failures = await asyncio.gather(listening, ending, return_exceptions=True)
    await output.drain()
    if isinstance(failures[0], Exception):
        raise failures[0]


async def _listen(
    credential: Credential, selection: Selection, output: OutputThread, *, is_table: bool, grace: float
) -> None:
    async with CallControlClient(credential) as client:
        # A PBX that cannot be reached or that refuses is an error here; later, it is waited for.
        _note_monitored(await client.list_dns(), client.pbx, selection)
        view = _view_legs(client, selection) if selection.is_raw else _view_calls(client, selection, grace)
        if is_table:
            await output.write(view.table.render_head())
        try:
            async for each in view.source:
                if not view.is_shown(each):
                    continue
                await output.write(
                    view.table.render_row(view.to_cells(each))
                    if is_table
                    else escape_json(dumps(view.to_json(each))) + b"\n"
                )
        finally:
            await view.source.aclose()


@dataclass(frozen=True, slots=True)
class _View:
    """The things to show, which of them, and their forms."""

    source: AsyncGenerator[Any]
    is_shown: Callable[[Any], bool]
    to_json: Callable[[Any], dict[str, Any]]
    table: LiveTable
    to_cells: Callable[[Any], list[str]]


def _view_calls(client: CallControlClient, selection: Selection, grace: float) -> _View:
    source = live_calls(client, grace=grace, on_note=_note)
    return _View(source, selection.has_event, CallEvent.to_json, make_call_table(), describe_event)


def _view_legs(client: CallControlClient, selection: Selection) -> _View:
    source = client.events(on_note=_note)
    return _View(source, selection.has_change, _to_json, make_leg_table(), describe_change)


def _to_json(change: LegChange) -> dict[str, Any]:
    document: dict[str, Any] = {
        "kind": change.kind,
        "time": format_time(change.at),
        "inferred": change.inferred,
        "dn": change.dn,
        "dnType": change.dn_type,
        "participantId": change.participant_id,
        "participant": change.participant and change.participant.to_json(),
        "previous": change.previous and change.previous.to_json(),
    }
    return {**document, "digits": change.digits} if change.digits else document


def _note(line: str) -> None:
    say(f"threecx: {line}")


class _WarningNotes(logging.Handler):
    """Shows warnings of the client as notes, in the form that the user has chosen."""

    def emit(self, record: logging.LogRecord) -> None:
        """Show one, with the traceback of an internal error."""
        for line in self.format(record).splitlines():
            say(f"threecx: {line}", level=record.levelname.lower())


def _show_warnings() -> None:
    logger = logging.getLogger("threecx_node")
    if not any(isinstance(each, _WarningNotes) for each in logger.handlers):
        logger.addHandler(_WarningNotes(logging.WARNING))


def _note_monitored(dns: Sequence[Dn], pbx: str, selection: Selection) -> None:
    """Say what is listened to, and name extensions that the client cannot see."""
    known = [each.dn for each in dns]
    if not known:
        _note(
            f"note: the client monitors nothing on {pbx}. Add extensions to it in Admin > Integrations > API, or run "
            "threecx setup-events."
        )
    unknown = sorted(selection.extensions - set(known))
    if unknown and known:
        named = ", ".join(known[:_NAMED_DNS]) + (", …" if len(known) > _NAMED_DNS else "")
        _note(f"note: the client does not monitor {', '.join(unknown)} on {pbx}; it monitors {named}")
