"""The audio of a participant: `GET` streams what the other side says, `POST` what it hears.

Audio is PCM with 16 bit and 8 kHz, mono. The other side repeats what it hears and is silent otherwise. Both directions
take as long as the audio does, so that a client cannot send a file at once.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from ..http.asgi import ClientDisconnectedError, ServerResponse
from ..odata.errors import ODataError

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..http.asgi import Receive, Send

BYTES_PER_SECOND = 16_000
AUDIO_TYPE = b"application/octet-stream"
# Seconds of one piece of a stream, and how far a client may be ahead of what has been played.
PIECE = 0.1
AHEAD = 0.5
_PIECE_BYTES = int(BYTES_PER_SECOND * PIECE)
# The audio that waits for a client that does not read is limited.
_MAX_ECHO = 10 * BYTES_PER_SECOND

Key = tuple[str, int]


class Pace:
    """Says how long to wait so that audio is not faster than it is played; times are in seconds."""

    def __init__(self, now: float) -> None:
        self._played_until = now

    def add(self, size: int, now: float) -> None:
        """Note that `size` bytes have been received."""
        self._played_until = max(self._played_until, now) + size / BYTES_PER_SECOND

    def compute_wait(self, now: float, ahead: float = AHEAD) -> float:
        """Return for how long to wait until no more than `ahead` is left to be played."""
        return max(0.0, self._played_until - now - ahead)


class AudioStreams:
    """The audio of all participants of one PBX. `on_played` is called for a participant that has heard a whole body.

    `check` raises ODataError when a stream may not go on: the participant is gone, or the token has ended.
    """

    def __init__(self, on_played: Callable[[str, int], None]) -> None:
        self._echoes: dict[Key, bytearray] = {}
        self._posting: set[Key] = set()
        self._on_played = on_played

    async def listen(self, key: Key, receive: Receive, send: Send, check: Callable[[], None]) -> None:
        """Stream what the other side says, until the participant is gone or the client closes the connection."""
        loop = asyncio.get_running_loop()
        echo = self._echoes.setdefault(key, bytearray())
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", AUDIO_TYPE)]})
        gone = asyncio.create_task(_wait_for_disconnect(receive), name="threecx-audio-listen")
        due = loop.time()
        try:
            with suppress(ODataError):
                while not gone.done():
                    check()
                    piece = bytes(echo[:_PIECE_BYTES])
                    del echo[:_PIECE_BYTES]
                    body = piece.ljust(_PIECE_BYTES, b"\0")
                    await send({"type": "http.response.body", "body": body, "more_body": True})
                    due += PIECE
                    await asyncio.wait([gone], timeout=max(0.0, due - loop.time()))
            await send({"type": "http.response.body", "body": b""})
        finally:
            self._echoes.pop(key, None)
            gone.cancel()

    async def play(self, key: Key, receive: Receive, check: Callable[[], None]) -> ServerResponse:
        """Play the audio of a request's body to the other side; return when it has been played.

        Raises ODataError (422) while other audio is played, and ClientDisconnectedError.
        """
        if key in self._posting:
            raise ODataError(422, "The participant plays the audio of another request.")
        self._posting.add(key)
        loop = asyncio.get_running_loop()
        pace = Pace(loop.time())
        more = True
        try:
            while more:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise ClientDisconnectedError
                audio, more = message.get("body", b""), message.get("more_body", False)
                self._play(key, audio)
                pace.add(len(audio), loop.time())
                await _wait(pace, loop, AHEAD if more else 0, check)
        finally:
            self._posting.discard(key)
        self._on_played(*key)
        return ServerResponse(202, media_type=AUDIO_TYPE)

    def _play(self, key: Key, audio: bytes) -> None:
        echo = self._echoes.get(key)
        if echo is not None:
            echo += audio
            del echo[:-_MAX_ECHO]


async def _wait(pace: Pace, loop: asyncio.AbstractEventLoop, ahead: float, check: Callable[[], None]) -> None:
    """Wait until the audio has been played, and look now and then whether it may go on."""
    check()
    while (wait := pace.compute_wait(loop.time(), ahead)) > 0:
        await asyncio.sleep(min(wait, PIECE))
        check()


async def _wait_for_disconnect(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
