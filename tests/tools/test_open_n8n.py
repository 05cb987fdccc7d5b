"""Signals and messages of `make n8n`, without n8n; tests/e2e/test_open.py runs all of it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from tests.cli.conftest import environment
from tests.support import ROOT
from tests.tools.printed import read_until_last

# The stage is a mock. SIGINT is ignored, as in a process that a shell script starts with `&`.
SCRIPT = """
import signal, sys
from unittest.mock import MagicMock
signal.signal(signal.SIGINT, signal.SIG_IGN)
from tools.lab import open_n8n
stage = MagicMock()
stage.__enter__.return_value = stage
open_n8n._build_stage = lambda folder: stage
open_n8n.put_examples = lambda stage, paths: [{"id": str(number)} for number, _ in enumerate(paths, 1)]
open_n8n._block_numbers = lambda stage: None
sys.exit(open_n8n.main())
"""


@pytest.mark.skipif(os.name != "posix", reason="Windows has no SIGINT for one process")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_end_it(number: signal.Signals) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", SCRIPT],
        cwd=ROOT,
        env=environment({"PYTHONPATH": os.pathsep.join(["nodes", "credentials", "."])}),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            text = read_until_last(process.stdout)
            process.send_signal(number)
            process.communicate(timeout=10)
        finally:
            process.kill()
    assert "\nn8n " in text
    assert process.returncode == 0
