"""Tokens in files: shared by the processes of one user, and never a reason for a request to fail."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from threecx_credentials import (
    Credential,
    FileTokenStore,
    LoginRefusedError,
    Secret,
    Token,
    TokenStoreError,
    open_token_store,
)
from threecx_credentials.redis_store import RedisTokenStore
from threecx_credentials.state_folder import find_state_folder
from threecx_credentials.token_store import MemoryTokenStore, build_key

KEY = "0" * 64


def make_token(text: str = "token-1") -> Token:
    return Token(Secret(text), time.time() + 3600)


class Shared:
    """A store in a folder, with what it reported."""

    def __init__(self, folder: Path | None = None, **options: float) -> None:
        self.notes: list[str] = []
        self.store = FileTokenStore(folder, report=self.notes.append, **options)

    def save(self, token: Token) -> None:
        asyncio.run(self.store.save(KEY, token))

    def load(self) -> str | None:
        token = asyncio.run(self.store.load(KEY))
        return token.access_token.reveal() if token else None

    def lock(self) -> None:
        async def run() -> None:
            async with self.store.lock(KEY):
                pass

        asyncio.run(run())


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_token_is_shared_by_files_that_only_the_user_can_read(state_home: Path) -> None:
    os.umask(os.umask(0o022))
    Shared().save(make_token())
    Shared().lock()
    assert Shared().load() == "token-1"
    folder = find_state_folder() / "tokens"
    assert folder.is_relative_to(state_home)
    assert (mode(folder.parent), mode(folder)) == (0o700, 0o700)
    assert {mode(each) for each in folder.iterdir()} == {0o600}


def test_a_folder_that_others_can_read_is_closed_to_them(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    shared = Shared(tmp_path)
    shared.save(make_token())
    assert mode(tmp_path) == 0o700
    assert shared.notes == []


def make_file_link(folder: Path) -> None:
    folder.mkdir(mode=0o700)
    other = folder.parent / "other.json"
    other.write_text(json.dumps({"access_token": "stolen", "renew_at": time.time() + 3600}))
    other.chmod(0o600)
    (folder / f"{KEY}.json").symlink_to(other)


def make_content(content: bytes, mode: int = 0o600) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        folder.mkdir(mode=0o700)
        path = folder / f"{KEY}.json"
        path.write_bytes(content)
        path.chmod(mode)

    return change


def make_pipe(folder: Path) -> None:
    folder.mkdir(mode=0o700)
    os.mkfifo(folder / f"{KEY}.json", 0o600)


def make_directory(folder: Path) -> None:
    (folder / f"{KEY}.json").mkdir(parents=True)
    folder.chmod(0o700)


GOOD = json.dumps({"access_token": "stolen", "renew_at": 9e9}).encode()
BROKEN: dict[str, Callable[[Path], object]] = {
    "a file in place of the folder": lambda folder: folder.write_text(""),
    "a link in place of the file": make_file_link,
    "a file that others can read": make_content(GOOD, 0o644),
    "a pipe": make_pipe,
    "a folder in place of the file": make_directory,
    "an empty file": make_content(b""),
    "half a file": make_content(GOOD[:20]),
    "not UTF-8": make_content(b"\xff\xfe\x00"),
    "a list": make_content(b"[]"),
    "no token": make_content(b"{}"),
    "a token of another type": make_content(b'{"access_token": 5, "renew_at": 9e9}'),
    "a token with a line break": make_content(b'{"access_token": "a\\r\\nX: y", "renew_at": 9e9}'),
    "half of a surrogate pair": make_content(b'{"access_token": "\\ud800", "renew_at": 9e9}'),
    "an end of another type": make_content(b'{"access_token": "stolen", "renew_at": true}'),
    "deep nesting": make_content(b"[" * 100_000),
    "a huge number": make_content(b'{"access_token": "stolen", "renew_at": ' + b"9" * 10_000 + b"}"),
    "a huge file": make_content(b" " * 10_000_000),
}


@pytest.mark.parametrize("change", BROKEN.values(), ids=BROKEN)
def test_a_broken_store_costs_sharing_and_is_reported_once(
    change: Callable[[Path], object], tmp_path: Path
) -> None:
    folder = tmp_path / "tokens"
    change(folder)
    shared = Shared(folder)
    assert shared.load() is None
    shared.lock()
    shared.save(make_token())
    assert shared.load() == "token-1"
    [note] = shared.notes
    assert str(folder) in note
    assert "THREECX_TOKEN_STORE=memory" in note
    assert "\n" not in note
    # A link is replaced, and not followed.
    other = tmp_path / "other.json"
    assert not other.exists() or "token-1" not in other.read_text()


def test_a_corrupt_file_is_replaced_by_the_next_token(tmp_path: Path) -> None:
    folder = tmp_path / "tokens"
    make_content(b"{")(folder)
    Shared(folder).save(make_token())
    assert Shared(folder).load() == "token-1"


def test_a_full_disk_costs_sharing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shared = Shared(tmp_path)

    def is_full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fdopen", is_full)
    shared.save(make_token())
    assert shared.load() == "token-1"
    assert "no space left on device" in shared.notes[0]


def test_a_link_of_the_user_to_a_folder_is_followed(tmp_path: Path) -> None:
    """As systemd makes one for a dynamic user."""
    (tmp_path / "private").mkdir()
    (tmp_path / "tokens").symlink_to(tmp_path / "private")
    Shared(tmp_path / "tokens").save(make_token())
    assert Shared(tmp_path / "tokens").load() == "token-1"
    assert mode(tmp_path / "private") == 0o700


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_a_link_of_another_user_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "private").mkdir()
    link = tmp_path / "tokens"
    link.symlink_to(tmp_path / "private")
    os.chown(link, 12345, 12345, follow_symlinks=False)
    shared = Shared(link)
    shared.save(make_token())
    assert "it is a link of another user" in shared.notes[0]
    assert not list((tmp_path / "private").iterdir())


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_the_folder_of_another_user_is_not_used(tmp_path: Path) -> None:
    os.chown(tmp_path, 12345, 12345)
    shared = Shared(tmp_path)
    shared.save(make_token())
    assert "belongs to another user" in shared.notes[0]
    assert not list(tmp_path.iterdir())


def test_a_store_that_hangs_is_given_up_and_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a network file system whose server has gone; the process can still end, since only a daemon thread waits."""
    shared = Shared(tmp_path, timeout=0.05)
    calls: list[int] = []
    release = threading.Event()

    def hang(*_: object) -> None:
        calls.append(1)
        release.wait(30)

    monkeypatch.setattr("threecx_credentials.file_store.open_private_folder", hang)
    shared.save(make_token())
    assert shared.load() == "token-1"
    shared.lock()
    assert len(calls) == 1
    assert "did not answer within 0.05 seconds" in shared.notes[0]
    release.set()


HOLDER = """
import sys, time
from filelock import FileLock
with FileLock(sys.argv[1]):
    print("locked", flush=True)
    time.sleep(60)
"""


def test_the_lock_of_a_killed_process_is_free(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    command = [sys.executable, "-c", HOLDER, str(tmp_path / f"{KEY}.lock")]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"locked\n"
        # A process that was stopped keeps its lock: others wait for it, but not for ever.
        process.send_signal(signal.SIGSTOP)
        shared = Shared(tmp_path, lock_timeout=0.1)
        shared.lock()
        assert "its lock was not free for 0.1 seconds" in shared.notes[0]
        process.kill()
        process.wait()
    waiting = Shared(tmp_path, lock_timeout=60)
    waiting.lock()
    assert waiting.notes == []


def test_who_waits_for_the_lock_takes_a_token_that_has_come(tmp_path: Path) -> None:
    async def run() -> str:
        holder, waiter = Shared(tmp_path).store, Shared(tmp_path, lock_timeout=60).store
        async with holder.lock(KEY):
            assert await waiter.load(KEY) is None
            await holder.save(KEY, make_token("newer"))
            async with waiter.lock(KEY):
                token = await waiter.load(KEY)
                assert token is not None
                return token.access_token.reveal()

    assert asyncio.run(run()) == "newer"


def test_old_files_are_removed(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    old = tmp_path / "1.json.tmp"
    old.write_text("")
    os.utime(old, (1, 1))
    Shared(tmp_path).save(make_token())
    assert not old.exists()
    assert Shared(tmp_path).load() == "token-1"


def test_a_refusal_is_shared_for_a_moment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def run() -> None:
        refusal = LoginRefusedError(401, "unauthorized", "unknown client", b"{}")
        await FileTokenStore(tmp_path).save_refusal(KEY, refusal, 10)
        shared = await FileTokenStore(tmp_path).load_refusal(KEY)
        assert shared is not None
        assert (shared.status, shared.description) == (401, "unknown client")
        assert await FileTokenStore(tmp_path).load_refusal("1" * 64) is None
        now = time.time()
        for moment in (now + 11, now - 600):
            monkeypatch.setattr("time.time", lambda moment=moment: moment)
            assert await FileTokenStore(tmp_path).load_refusal(KEY) is None

    asyncio.run(run())


def test_the_key_depends_on_the_secret_and_reveals_nothing() -> None:
    def key(url: str, client: str, secret: str) -> str:
        return build_key(Credential.of(url, client, secret))

    base = key("https://pbx.example", "900", "s3cr3t")
    assert key("PBX.example:443", "900", "s3cr3t") == base
    assert key("https://pbx.example./xapi/v1", "900", "s3cr3t") == base
    others = [
        key("https://pbx.example", "900", "S3cr3t"),
        key("https://pbx.example", "901", "s3cr3t"),
        key("https://pbx.example:5001", "900", "s3cr3t"),
        key("http://pbx.example", "900", "s3cr3t"),
        key("https://pbx.example/office", "900", "s3cr3t"),
    ]
    assert len({base, *others}) == 6
    assert not [each for each in [base, *others] if "900" in each and "pbx" in each]


def test_the_variable_chooses_the_store(monkeypatch: pytest.MonkeyPatch) -> None:
    for value, kind in (
        ("", FileTokenStore),
        ("file", FileTokenStore),
        (" Memory ", MemoryTokenStore),
        ("redis://:pw@127.0.0.1:1/0", RedisTokenStore),
    ):
        monkeypatch.setenv("THREECX_TOKEN_STORE", value)
        assert type(open_token_store()) is kind
    for value in ("/tmp/tokens", "redis", "http://127.0.0.1", "redis://:s3cr3t@host:port/0"):  # noqa: S108 (not used)
        monkeypatch.setenv("THREECX_TOKEN_STORE", value)
        with pytest.raises(TokenStoreError) as caught:
            open_token_store()
        assert "s3cr3t" not in str(caught.value) + caught.value.remedy
        assert caught.value.remedy
