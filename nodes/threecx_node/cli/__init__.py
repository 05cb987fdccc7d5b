"""The command line: argument parsing and output."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from .streams import OutputError, flush_output, is_output_error, lose_output, open_missing_streams, say

if TYPE_CHECKING:
    from .commands import app as app

_INTERRUPTED = 130


def main() -> None:
    """Run a command; report an error of this package as one line on stderr, and exit with its code."""
    try:
        open_missing_streams()
        code = _run()
    except KeyboardInterrupt:
        say("threecx: interrupted")
        code = _INTERRUPTED
    sys.exit(code)


def _run() -> int | str | None:
    """Run the command of the arguments, and return its exit code."""
    # Imported here, so that Ctrl-C during the import leaves no traceback.
    from ..errors import ThreeCxError
    from .commands import app

    try:
        try:
            app(prog_name="threecx")
        except SystemExit as end:
            flush_output()
            return end.code
    except ThreeCxError as error:
        say(f"threecx: {error.one_line()}", level="error", error=error.to_json())
        return error.exit_code
    except OutputError as error:
        _report_lost_output(error)
    except OSError as error:
        if not is_output_error(error):
            raise
        _report_lost_output(lose_output(error))
    return 1


def _report_lost_output(error: OutputError) -> None:
    """Say why the output is incomplete. A reader that has enough, such as `head`, is not an error."""
    if not error.is_closed:
        say(f"threecx: {error}")


def __getattr__(name: str) -> Any:
    if name != "app":
        raise AttributeError(name)
    from .commands import app

    return app
