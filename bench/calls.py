"""Measure a listener to live calls: what waits in it, how late it is, and whether its memory grows.

The PBX is that of `changing_pbx.py`, a process of its own on loopback. The listener has one WebSocket, and reads each
participant that has changed.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time

from bench import changing_pbx
from bench.registry import Row, bench
from threecx_credentials import Credential, MemoryTokenStore
from threecx_node.callcontrol.client import CallControlClient
from threecx_node.values.json import dumps, loads

PARTICIPANTS = 1_000
RATE, SECONDS = 50, 20
FAST_RATE, FAST_SECONDS = 200, 10
# The changes of two seconds: more would be a listener that cannot keep up.
MOST_SECONDS_WAITING = 2
MOST_GROWTH = 4e6
_SAMPLE = 0.05


@bench("calls")
def calls() -> list[Row]:
    """Measure a listener while 1,000 participants change 50 and 200 times a second in total."""
    return [*_measure(RATE, SECONDS), *_measure(FAST_RATE, FAST_SECONDS)]


def _measure(rate: int, seconds: int) -> list[Row]:
    with changing_pbx.running(PARTICIPANTS, rate, seconds) as url:
        # A process of its own, whose memory is that of the listener.
        command = [sys.executable, "-m", "bench.calls", url]
        found = loads(subprocess.run(command, check=True, capture_output=True).stdout)
    name = f"{rate} changes a second"
    sent = rate * seconds + PARTICIPANTS
    lags = sorted(found["lags"])
    most = MOST_SECONDS_WAITING * rate
    return [
        Row(f"{name}, {PARTICIPANTS:,} participants: changes sent, and seen", f"{sent:,} and {len(lags):,}"),
        Row(
            f"{name}: participants in their last status",
            f"{found['final']:,}",
            f"all {PARTICIPANTS:,}",
            found["final"] == PARTICIPANTS,
        ),
        Row(
            f"{name}: change to event, median and 99 %", f"{_at(lags, 0.5):.0f} and {_at(lags, 0.99):.0f} ms"
        ),
        Row(
            f"{name}: most events that waited for the program",
            f"{found['waiting']}",
            f"at most {most}",
            found["waiting"] <= most,
        ),
        Row(
            f"{name}: most participants that waited to be read",
            f"{found['pending']}",
            f"at most {most}",
            found["pending"] <= most,
        ),
        Row(
            f"{name}: peak memory of the process, and growth in the second half",
            f"{found['peak'] / 1e6:.0f} and {found['growth'] / 1e6:.1f} MB",
            f"growth at most {MOST_GROWTH / 1e6:.0f} MB",
            found["growth"] <= MOST_GROWTH,
        ),
        Row(
            f"{name}: connections of the listener", f"{found['connections']}", "1", found["connections"] == 1
        ),
    ]


def _at(values: list[float], part: float) -> float:
    return values[min(len(values) - 1, int(len(values) * part))] * 1000 if values else 0.0


async def listen(url: str) -> dict[str, object]:
    """Listen until each participant has its last status, and return what was measured."""
    # Windows does not have this module.
    import resource

    lags: list[float] = []
    final: set[int] = set()
    notes: list[str] = []
    most = {"waiting": 0, "pending": 0}
    memory: list[int] = []
    credential = Credential.of(url, "bench", "key")
    async with CallControlClient(credential, token_store=MemoryTokenStore()) as client:

        async def sample() -> None:
            while True:
                await asyncio.sleep(_SAMPLE)
                listener = client._listeners[0]
                # The first events are those of the first comparison, which has all participants.
                if listener.is_live:
                    most["waiting"] = max(most["waiting"], len(listener.backlog))
                    most["pending"] = max(most["pending"], listener.legs.pending)
                    memory.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _UNIT)

        sampling = asyncio.create_task(sample())
        async for change in client.events(on_note=notes.append):
            participant = change.participant
            if participant is None or change.inferred:
                continue
            lags.append(time.time() - participant.other["changed"])
            if participant.status == "Connected":
                final.add(participant.id)
                if len(final) == PARTICIPANTS:
                    break
        sampling.cancel()
    return {
        **most,
        "lags": lags,
        "final": len(final),
        "connections": sum(each.startswith("connected") for each in notes),
        "peak": memory[-1],
        "growth": memory[-1] - memory[len(memory) // 2],
    }


# macOS counts bytes, other systems kilobytes.
_UNIT = 1 if sys.platform == "darwin" else 1024

if __name__ == "__main__":
    sys.stdout.buffer.write(dumps(asyncio.run(listen(sys.argv[1]))))
