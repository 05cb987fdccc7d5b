"""Write the descriptor of the catalog: `python -m threecx_node.codegen.descriptor [FILE]`."""

from __future__ import annotations

import sys
from pathlib import Path

from ...catalog import load_catalog
from ...descriptor.load import shipped_path
from ...descriptor.validate import validate
from ...errors import ThreeCxError
from .build import build, render


def main(arguments: list[str]) -> int:
    """Write the validated descriptor to FILE, else to its place in this installation, and return the exit code."""
    if len(arguments) > 1 or any(each.startswith("-") for each in arguments):
        sys.stderr.write("usage: python -m threecx_node.codegen.descriptor [FILE]\n")
        return 2
    target = Path(arguments[0]) if arguments else shipped_path()
    try:
        definition = validate(build(load_catalog()))
        target.write_bytes(render(definition))
    except ThreeCxError as error:
        sys.stderr.write(f"{error.one_line()}\n")
        return error.exit_code
    except OSError as error:
        sys.stderr.write(f"cannot write {target}: {error.strerror}\n")
        return 2
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
