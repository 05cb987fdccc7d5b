"""Write results to stdout, and progress to stderr."""

from __future__ import annotations

import shutil
import sys
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from ..errors import NotAttemptedError, ThreeCxError
from ..titles import TITLES
from ..values.json import dumps, pretty
from ..values.safe_text import escape_control, escape_json
from .streams import lose_output, write_output

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from ..execution.results import Result

_MIN_ITEMS_FOR_BAR = 21
_MIN_COLUMNS = 3
_COLUMN_WIDTH = 13
_MAX_CELL_LENGTH = 300
_MOST_READ = 10_000


def write_json(value: Any) -> None:
    """Write `value` as indented JSON."""
    write_output(escape_json(pretty(value).encode("utf-8", "surrogatepass")) + b"\n")


def write_line(value: Any) -> None:
    """Write `value` as one line of JSON, and flush it."""
    write_output(escape_json(dumps(value)) + b"\n")


def write_text(text: str) -> None:
    """Write a text and a line break, in UTF-8 regardless of the terminal's encoding."""
    write_output(text.encode("utf-8", "surrogatepass") + b"\n")


def write_table(columns: Sequence[str], rows: Iterable[Sequence[Any]], *, title: str | None = None) -> None:
    """Write a table; markup in cells is not interpreted."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(
        title=title and escape_control(title), box=box.SIMPLE_HEAD, title_justify="left", pad_edge=False
    )
    for column in columns:
        table.add_column(Text(escape_control(column)), overflow="fold")
    for row in rows:
        table.add_row(*(Text(_cell(value)) for value in row))
    try:
        Console(file=sys.stdout, highlight=False).print(table)
        sys.stdout.flush()
    except OSError as error:
        raise lose_output(error) from error


def write_results(results: Sequence[Result], preferred: Sequence[str] = ()) -> None:
    """Write a table with one row per result item or error; `preferred` names the fields for the columns."""
    rows: list[tuple[int, str, Mapping[str, Any]]] = []
    for result in results:
        # The number of attempts is said once.
        times = f", {result.attempts} attempts" if result.attempts > 1 else ""
        left_out = {"attempts"} if times else set()
        for item in result.items or ():
            fields = {name: value for name, value in item["json"].items() if name not in left_out}
            rows.append((result.index, f"ok{times}", fields))
        if result.error is not None:
            state = f"{_failure(result.error)}{times}"
            rows.append((result.index, state, {"error": _without_item(result.error)}))
        elif result.request is not None:
            rows.append((result.index, "dry run", result.request))
    columns: dict[str, None] = {}
    for _, _, values in rows:
        columns.update(dict.fromkeys(name for name, value in values.items() if value not in (None, "")))
    chosen = [name for name in preferred if name in columns] or [name for name in columns if name != "error"]
    shown = chosen[: max(_MIN_COLUMNS, shutil.get_terminal_size().columns // _COLUMN_WIDTH - 2)]
    if "error" in columns:
        shown.append("error")
    write_table(
        ["item", "result", *shown],
        ([str(index), state, *(values.get(name, "") for name in shown)] for index, state, values in rows),
    )


def _failure(error: ThreeCxError) -> str:
    if isinstance(error, NotAttemptedError):
        return "not tried"
    state = "unknown" if error.outcome_unknown else "failed"
    return f"{state} ({error.http_code})" if error.http_code else state


def _without_item(error: ThreeCxError) -> str:
    line = error.one_line()
    line = line.partition(": ")[2] if error.item_index is not None else line
    return f"{line} [{error.code}]" if error.code in TITLES else line


def _cell(value: Any) -> str:
    if isinstance(value, str):
        text = value
    elif value is None:
        text = ""
    else:
        text = dumps(value).decode()
    text = escape_control(" ".join(text[:_MOST_READ].split()))
    return text if len(text) <= _MAX_CELL_LENGTH else f"{text[:_MAX_CELL_LENGTH]}…"


@contextmanager
def progress(total: int, what: str) -> Iterator[Callable[[], None]]:
    """Yield a function that advances a progress bar, which is shown on a terminal for a batch of many items."""
    if total < _MIN_ITEMS_FOR_BAR or not sys.stderr.isatty():
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import Progress

    bar = Progress(console=Console(stderr=True), transient=True)
    task = bar.add_task(what, total=total)
    # The terminal may go away while the batch runs.
    with suppress(OSError):
        bar.start()
    try:
        yield lambda: bar.advance(task)
    finally:
        with suppress(OSError):
            bar.stop()
