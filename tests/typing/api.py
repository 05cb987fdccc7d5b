"""The public API as a type checker sees it. `make types` checks this file; it is never run.

Each function is code as a user of the library writes it. A change of a public name, argument or result that breaks such
code is an error of the type checker here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager, aclosing
from datetime import datetime
from typing import Any, assert_type

from threecx_credentials import (
    Credential,
    CredentialError,
    LoginRefusedError,
    MemoryTokenStore,
    Secret,
    Token,
    TokenStore,
)
from threecx_node import Batch, Executor, Item, Options, Result, __version__, execute
from threecx_node.callcontrol.call_events import CallEvent
from threecx_node.callcontrol.calls import CallTracker
from threecx_node.callcontrol.changes import LegChange
from threecx_node.callcontrol.client import CallControlClient
from threecx_node.callcontrol.entities import ActionResult, Dn, Participant
from threecx_node.callcontrol.live_calls import live_calls
from threecx_node.catalog import Catalog, load_catalog
from threecx_node.errors import ThreeCxError
from threecx_node.events.model.event import Event
from threecx_node.events.model.event_types import EVENT_TYPES
from threecx_node.events.model.filters import EventFilter
from threecx_node.events.receive import read_webhook
from threecx_node.messages import HttpRequest
from threecx_node.simulator import CallError, Simulator


def build_credential() -> Credential:
    credential = Credential.of("pbx.example.com:5001", "900", "an API key", verify_tls=True, ca_file=None)
    assert_type(credential.base_url, str)
    assert_type(credential.client_id, str)
    assert_type(credential.client_secret, Secret)
    assert_type(credential.client_secret.reveal(), str)
    assert_type(credential.verify_tls, bool)
    assert_type(credential.ca_file, str | None)
    return credential


async def run_one_batch(credential: Credential) -> None:
    items: list[dict[str, object]] = [{"Id": 4}, {"Id": 5}]
    batch = await execute("DeleteUser", items, {"Id": "={{ $json.Id }}"}, credential=credential)
    assert_type(batch, Batch)
    assert_type(batch.results, Sequence[Result])
    assert_type(batch.failed, list[Result])
    assert_type(batch.not_tried, list[Result])
    assert_type(batch.notes, Sequence[str])
    assert_type(batch.error, ThreeCxError | None)
    batch.raise_for_error()
    assert_type(batch.exit_code, int)
    assert_type(batch.summary(), str)
    for result in batch.results:
        assert_type(result.index, int)
        assert_type(result.attempts, int)
        assert_type(result.items, Sequence[Mapping[str, Any]] | None)
        assert_type(result.request, Mapping[str, Any] | None)
        assert_type(result.error, ThreeCxError | None)
        assert_type(result.to_json(), dict[str, Any])
        result.attempts = 2  # type: ignore[misc]  # a result cannot be changed


class CountingObserver:
    def note_attempt(self, request: HttpRequest, status: int, seconds: float) -> None:
        assert_type((request.operation, status, seconds), tuple[str, int, float])

    def note_retry(self, request: HttpRequest) -> None: ...

    def note_token_request(self, status: int, seconds: float) -> None: ...


async def count_requests(credential: Credential) -> None:
    async with Executor(credential, observer=CountingObserver()) as executor:
        await executor.run("ListUser", [{}], options=Options(traceparent="", interactive=True))


async def run_with_another_catalog(credential: Credential) -> None:
    catalog = load_catalog("catalog-20.0.11.json")
    assert_type(catalog, Catalog)
    assert_type(catalog.releases, tuple[str, ...])
    batch = await execute("ListUser", [{}], credential=credential, catalog=catalog)
    assert_type(batch, Batch)
    async with Executor(credential, catalog=catalog) as executor:
        await executor.run(
            "ListUser", [Item({}, {"limit": 1}, binary={"data": {"fileName": "a.wav", "data": ""}})]
        )


async def run_several_batches(credential: Credential) -> None:
    seen: list[Result] = []
    options = Options(dry_run=True, continue_on_fail=True, release="20.0.10", time_zone="Europe/Berlin")
    async with Executor(credential, token_store=MemoryTokenStore()) as executor:
        assert_type(executor, Executor)
        mixed: list[Item | dict[str, int]] = [Item({"n": 1}, parameters={"Id": 4}), {"n": 2}]
        batch = await executor.run("GetUser", mixed, {"Id": 5}, options=options, on_result=seen.append)
        assert_type(batch, Batch)


class SharedTokens:
    """A store of tokens as an application may have its own."""

    async def load(self, key: str) -> Token | None:
        raise KeyError(key)

    async def save(self, key: str, token: Token) -> None:
        raise KeyError(key, token)

    def lock(self, key: str) -> AbstractAsyncContextManager[None]:
        raise KeyError(key)


def use_own_store(credential: Credential) -> Executor:
    store: TokenStore = SharedTokens()
    return Executor(credential, token_store=store)


def handle_errors(error: ThreeCxError | CredentialError | LoginRefusedError) -> str:
    assert_type(__version__, str)
    return str(error)


async def control_calls(credential: Credential) -> None:
    async with CallControlClient(credential, connections=4) as client:
        assert_type(client.pbx, str)
        assert_type(client.is_live, bool)
        assert_type(client.settled_until, datetime)
        assert_type(await client.list_dns(), list[Dn])
        result = await client.make_call("100", "101", timeout=30, attached_data={"customer": 4711})
        assert_type(result, ActionResult)
        assert_type(result.participant, Participant | None)
        async with aclosing(client.events(on_note=print)) as changes:
            async for change in changes:
                assert_type(change, LegChange)
                assert_type(change.participant, Participant | None)


def test_against_the_simulator() -> Credential:
    with Simulator() as pbx:
        assert_type(pbx.base_url, str)
        assert_type(pbx.client_id, str)
        call = pbx.calls.inbound("+4930123456", did="+35725555100", to="101")
        assert_type(call.id, int)
        try:
            call.answer("101")
        except CallError as error:
            assert_type(error.status, int)
        assert_type(pbx.client_secret, str)
        return Credential.of(pbx.base_url, pbx.client_id, pbx.client_secret)


async def watch_calls(credential: Credential) -> None:
    async with CallControlClient(credential) as client:
        async for event in live_calls(client, grace=2.0, on_note=print):
            assert_type(event, CallEvent)
            assert_type(event.id, str)
            assert_type(event.extensions, tuple[str, ...])
            assert_type(event.call, dict[str, Any])
            assert_type(event.to_json(), dict[str, Any])


def track_calls(changes: Sequence[LegChange]) -> None:
    tracker = CallTracker("pbx.example.com:5001", grace=2.0)
    for change in changes:
        assert_type(tracker.feed(change), list[CallEvent])
    if (deadline := tracker.next_deadline) is not None:
        assert_type(tracker.advance(deadline), list[CallEvent])


def receive(headers: Mapping[str, str], body: bytes) -> None:
    event = read_webhook(headers, body, "whsec_secret")
    assert_type(event, Event)
    assert_type(event.time, datetime)
    assert_type(event.data, Mapping[str, Any])
    assert_type(Event.from_json(event.to_json()), Event)
    assert_type(EVENT_TYPES[event.type].right, str)
    assert_type(EventFilter.from_json({"extensions": ["100"]}).matches(event), bool)
