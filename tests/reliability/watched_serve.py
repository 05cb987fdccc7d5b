"""Run `threecx serve`, and write the names of its tasks to the file in THREECX_TASKS on SIGUSR1.

The command is the real one; only the signal is added. A leaked task is visible from inside the process alone.
"""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path
from types import FrameType

from threecx_node.cli import main


def _write_tasks(number: int, frame: FrameType | None) -> None:
    del number, frame
    tasks = sorted(f"{each.get_name()}: {each.get_coro()}" for each in asyncio.all_tasks())
    target = Path(os.environ["THREECX_TASKS"])
    written = target.with_suffix(".new")
    written.write_text("\n".join(tasks), "utf-8")
    written.replace(target)


if __name__ == "__main__":
    signal.signal(signal.SIGUSR1, _write_tasks)
    main()
