"""Files of responses that are saved while they are received: memory stays small, and no part of a file is left."""

from __future__ import annotations

import asyncio
import itertools
import os
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import environment
from tests.support import ROOT, deleting, run
from tests.transport.hostile import ENDLESS, head, hostile
from tests.transport.servers import response
from threecx_credentials import Credential
from threecx_node import Executor, Options
from threecx_node.errors import ConfigurationError
from threecx_node.execution.results import Batch

SOUND = bytes(range(256)) * 1_000
NAMED = 'Content-Disposition: attachment; filename="call.wav"\r\n'


def download(
    answer: Callable[[str], Iterable[bytes]],
    target: Path | str,
    items: int = 1,
    *,
    is_drip: bool = False,
    **options: Any,
) -> Batch:
    async def main() -> Batch:
        async with hostile(answer, is_flood=not is_drip) as peer:
            credential = Credential.of(peer.url, "a", "b")
            async with Executor(credential) as executor:
                return await executor.run(
                    "DownloadRecording",
                    [{"Id": number} for number in range(items)],
                    {"recId": "={{ $json.Id }}"},
                    options=Options(download_to=target, retry_time=0, **options),
                )

    return asyncio.run(main())


def sound(_: str) -> Iterable[bytes]:
    return [response(body=SOUND, media_type="audio/wav", extra=NAMED)]


def test_a_file_is_saved_in_a_folder_under_its_own_name(tmp_path: Path) -> None:
    [result] = download(sound, tmp_path).results
    assert result.items == [
        {
            "json": {
                "fileName": "call.wav",
                "mimeType": "audio/wav",
                "fileSize": len(SOUND),
                "path": str(tmp_path / "call.wav"),
            },
            "pairedItem": {"item": 0},
        }
    ]
    assert (tmp_path / "call.wav").read_bytes() == SOUND
    plain = tmp_path / "plain"
    plain.touch()
    assert (tmp_path / "call.wav").stat().st_mode == plain.stat().st_mode


def test_no_file_of_a_folder_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "call.wav").write_text("mine")
    batch = download(sound, tmp_path, items=3)
    assert batch.exit_code == 0
    assert sorted(each.name for each in tmp_path.iterdir()) == [
        *("call-2.wav", "call-3.wav", "call-4.wav", "call.wav")
    ]
    assert (tmp_path / "call.wav").read_text() == "mine"


def test_a_file_is_replaced_as_a_whole_and_keeps_its_permissions(tmp_path: Path) -> None:
    target = tmp_path / "mine.wav"
    target.write_text("old")
    target.chmod(0o640)
    assert download(sound, target).exit_code == 0
    assert target.read_bytes() == SOUND
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    assert [each.name for each in tmp_path.iterdir()] == ["mine.wav"]


@pytest.mark.parametrize(
    "answer",
    [
        lambda _: itertools.chain([head(b"Content-Length: 99999999\r\n", b"audio/wav")], [b"x" * 100_000]),
        lambda _: itertools.chain([head(media_type=b"audio/wav")], itertools.repeat(b"x" * 100_000)),
        ENDLESS["a file that drips"],
        lambda _: [response(404, b'{"error": {"code": "", "message": "no"}}')],
        lambda _: [response(body=b"<html>" * 50_000, media_type="text/html")],
    ],
    ids=["cut", "too large", "drips", "error", "web page"],
)
def test_of_a_file_that_fails_nothing_is_left(
    answer: Callable[[str], Iterable[bytes]], tmp_path: Path
) -> None:
    target = tmp_path / "mine.wav"
    target.write_text("old")

    def end(first: str) -> Iterable[bytes]:
        yield from answer(first)
        raise ConnectionError

    is_drip = answer is ENDLESS["a file that drips"]
    [result] = download(end, target, is_drip=is_drip, timeout=0.5, max_response_bytes=10_000_000).results
    assert result.error is not None
    assert [each.name for each in tmp_path.iterdir()] == ["mine.wav"]
    assert target.read_text() == "old"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no device that is full")
def test_a_full_disk_is_an_error_of_the_item(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = tempfile.mkstemp

    def make_full(*arguments: Any, **options: Any) -> tuple[int, str]:
        descriptor, name = real(*arguments, **options)
        if options.get("dir") == tmp_path:
            os.close(descriptor)
            descriptor = os.open("/dev/full", os.O_RDWR)
        return descriptor, name

    monkeypatch.setattr(tempfile, "mkstemp", make_full)
    [result] = download(sound, tmp_path).results
    assert result.error is not None
    assert (result.error.code, result.error.outcome_unknown) == ("file", False)
    assert "no space left on device" in result.error.message
    assert list(tmp_path.iterdir()) == []


def test_what_is_not_a_file_is_returned(tmp_path: Path) -> None:
    [result] = download(lambda _: [response(body=b'{"Id": 5}')], tmp_path).results
    assert result.items is not None
    assert result.items[0]["json"] == {"Id": 5}
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("target", "items", "words"),
    [
        ("missing/", 1, "does not exist"),
        ("missing/file.wav", 1, "does not exist"),
        ("file.wav", 2, "is one file, but the batch has 2 items"),
        ("/dev/null", 1, "is not a regular file"),
    ],
)
def test_a_place_that_cannot_be_used_is_refused_first(
    target: str, items: int, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    pbx = deleting()
    with pytest.raises(ConfigurationError, match=words):
        run(
            pbx,
            "DownloadRecording",
            [{"Id": number} for number in range(items)],
            {"recId": "={{ $json.Id }}"},
            Options(download_to=target),
        )
    assert (pbx.requests, pbx.logins) == ([], 0)


MEASURE = """
import asyncio, json, resource, sys
from threecx_node.cli import main

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

import threecx_node.execution.executor, threecx_node.cli.run_batch
before = peak()
sys.argv = ["threecx", *sys.argv[1:]]
try:
    main()
finally:
    print(json.dumps(peak() - before), file=sys.stderr)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the unit of ru_maxrss differs")
def test_a_download_of_300_mb_takes_less_than_100_mb_of_memory(tmp_path: Path) -> None:
    piece, pieces = b"x" * 1_000_000, 300

    def answer(_: str) -> Iterable[bytes]:
        header = b"Content-Length: %d\r\n" % (len(piece) * pieces)
        return itertools.chain([head(header, b"audio/wav")], itertools.repeat(piece, pieces))

    async def main() -> tuple[int, bytes]:
        async with hostile(answer, is_flood=True) as peer:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-c", MEASURE, "execute", "DownloadRecording", "-p", "recId=1"),
                *("--base-url", peer.url, "--client-id", "a", "--download", str(tmp_path)),
                env={**environment(), "THREECX_CLIENT_SECRET": "b"},
                cwd=ROOT,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
            _, err = await process.communicate()
            return process.returncode or 0, err

    code, err = asyncio.run(main())
    assert code == 0, err.decode()
    [file] = tmp_path.iterdir()
    assert file.stat().st_size == 300_000_000
    kilobytes = int(err.decode().strip().splitlines()[-1])
    assert kilobytes < 100_000
