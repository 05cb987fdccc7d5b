"""The key of the subscriptions' secrets: made once, kept from others, and missed with a clear error."""

from __future__ import annotations

import asyncio
import base64
import os
from pathlib import Path

import pytest

from tests.events.store.stores import FEED, make_events, make_subscription, open_sqlite
from threecx_node.errors import ConfigurationError, EventStoreError
from threecx_node.events.store.event_store import EventStore
from threecx_node.events.store.open_store import open_event_store
from threecx_node.events.store.secret_box import VARIABLE, SecretBox

SUBSCRIPTION = make_subscription(with_credential=True)


def make_key(number: int) -> str:
    # Standard base64 with the characters that the one for URLs does not have.
    return base64.b64encode(bytes([251, 239, *[number] * 30])).decode()


@pytest.fixture
def filled(tmp_path: Path) -> Path:
    async def fill() -> None:
        store = open_sqlite(tmp_path)
        await store.add_subscription(SUBSCRIPTION)
        await store.aclose()

    asyncio.run(fill())
    return tmp_path


async def check_refused(store: EventStore, words: str) -> None:
    # With the ID, the subscription can be removed.
    with pytest.raises(EventStoreError) as named:
        await store.list_subscriptions()
    assert f"Their IDs: {SUBSCRIPTION.id}." in named.value.one_line()
    for use in (store.list_subscriptions(), store.add_subscription(make_subscription("2"))):
        with pytest.raises(EventStoreError) as caught:
            await use
        assert caught.value.code == "event_key"
        assert words in caught.value.one_line()
    # Events are journaled for the subscriptions all the same, and a subscription can be removed.
    await store.append(FEED, make_events([1]))
    assert (await store.count_deliveries(SUBSCRIPTION.id)).pending == 1
    assert await store.remove_subscription(SUBSCRIPTION.id)
    # With none left, another key may be used.
    await store.add_subscription(SUBSCRIPTION)
    assert len(await store.list_subscriptions()) == 1
    await store.aclose()


def test_a_key_that_is_missing_is_not_replaced_in_silence(filled: Path) -> None:
    key = filled / "state" / "subscriptions.key"
    assert key.stat().st_mode & 0o777 == 0o600
    key.unlink()
    notes: list[str] = []
    store = open_event_store(filled / "state", notes.append)
    [note] = notes
    assert f"the file {key} with the key of the subscriptions' secrets is missing. Restore it" in note
    assert not key.exists()
    asyncio.run(check_refused(store, "is missing. Restore it, or set THREECX_EVENT_KEY to the key"))


def test_another_key_is_noticed(filled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, make_key(1))
    words = "cannot be decrypted with the key in the environment variable THREECX_EVENT_KEY"
    asyncio.run(check_refused(open_sqlite(filled), words))


def test_a_key_file_that_others_can_read_is_refused(filled: Path) -> None:
    (filled / "state" / "subscriptions.key").chmod(0o644)
    with pytest.raises(EventStoreError, match="can be read by others"):
        asyncio.run(open_sqlite(filled).list_subscriptions())


def test_keys_can_be_exchanged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def use(*, adds: str) -> list[str]:
        store = open_sqlite(tmp_path)
        await store.add_subscription(make_subscription(adds))
        found = [each.subscription.id[-1] for each in await store.list_subscriptions()]
        await store.aclose()
        return found

    old, new = make_key(1), make_key(2)
    monkeypatch.setenv(VARIABLE, old)
    assert asyncio.run(use(adds="1")) == ["1"]
    monkeypatch.setenv(VARIABLE, f"{new} {old}")
    assert asyncio.run(use(adds="2")) == ["1", "2"]
    assert not (tmp_path / "state" / "subscriptions.key").exists()


@pytest.mark.parametrize("value", ["short", make_key(1)[:-4], "ü" * 44, f"{make_key(1)} x", "x" * 10_000])
def test_a_value_that_is_not_a_key_is_named_and_not_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv(VARIABLE, value)
    with pytest.raises(ConfigurationError) as caught:
        SecretBox(tmp_path / "key")
    line = caught.value.one_line()
    assert "the environment variable THREECX_EVENT_KEY does not contain a key for secrets" in line
    assert "head -c 32 /dev/urandom | base64" in line
    assert value not in line


def test_two_processes_make_one_key(tmp_path: Path) -> None:
    first, second = SecretBox(tmp_path / "key"), SecretBox(tmp_path / "key")
    sealed = first.seal({"a": 1}, may_create=True)
    assert second.open(second.seal({"b": 2}, may_create=True)) == {"b": 2}
    assert second.open(sealed) == {"a": 1}
    assert [each.name for each in tmp_path.iterdir()] == ["key"]
    assert "key" not in repr(first._keys)
    assert os.fspath(tmp_path) in repr(first)
