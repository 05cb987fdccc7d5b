"""Tests do not touch the state folder of the developer."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from platformdirs import user_state_path

from tests.cli.conftest import environment

CODE = "from platformdirs import user_state_path; print(user_state_path('threecx'))"


def test_each_test_has_a_state_folder_of_its_own(state_home: Path) -> None:
    assert user_state_path("threecx") == state_home / "threecx"
    assert state_home.is_relative_to(tempfile.gettempdir())
    assert not state_home.exists()


def test_processes_that_tests_start_use_the_folder_of_the_test(state_home: Path) -> None:
    for variables in (environment(), dict(os.environ)):
        shown = subprocess.check_output([sys.executable, "-c", CODE], env=variables, text=True)
        assert Path(shown.strip()) == state_home / "threecx"
