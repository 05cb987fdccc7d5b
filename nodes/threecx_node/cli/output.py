"""What goes to stdout (results, nothing else) and to stderr (a progress bar, errors)."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ..json_codec import dumps, pretty

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from ..batch import Result

BAR_FROM = 21
_MOST_COLUMNS = 8
_LONGEST_CELL = 60


def write_json(value: Any) -> None:
    """`value` as indented JSON."""
    write_text(pretty(value))


def write_line(value: Any) -> None:
    """`value` as one line of JSON."""
    sys.stdout.buffer.write(dumps(value) + b"\n")
    sys.stdout.buffer.flush()


def write_text(text: str) -> None:
    """A text and a line break, in UTF-8 whatever the terminal's encoding."""
    sys.stdout.flush()
    sys.stdout.buffer.write(text.encode("utf-8", "surrogatepass") + b"\n")
    sys.stdout.buffer.flush()


def write_table(columns: Sequence[str], rows: Iterable[Sequence[Any]], *, title: str | None = None) -> None:
    """A table; cells are texts as they are, with no markup in them."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title, box=box.SIMPLE_HEAD, title_justify="left", pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(Text(_cell(value)) for value in row))
    Console(file=sys.stdout, highlight=False).print(table)


def write_results(results: Sequence[Result]) -> None:
    """One row per result item, one per error."""
    rows: list[tuple[int, str, Mapping[str, Any]]] = []
    for result in results:
        if result.error is not None:
            rows.append((result.index, "failed", {"error": result.error.one_line().partition(": ")[2]}))
        elif result.request is not None:
            rows.append((result.index, "dry run", result.request))
        else:
            rows += [(result.index, "ok", item["json"]) for item in result.items or ()]
    columns: dict[str, None] = {}
    for _, _, values in rows:
        columns.update(dict.fromkeys(values))
    shown = [name for name in columns if name != "error"][:_MOST_COLUMNS]
    if "error" in columns:
        shown.append("error")
    write_table(
        ["item", "result", *shown],
        ([str(index), state, *(values.get(name, "") for name in shown)] for index, state, values in rows),
    )


def _cell(value: Any) -> str:
    if isinstance(value, str):
        text = value
    elif value is None:
        text = ""
    else:
        text = dumps(value).decode()
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST_CELL * 5 else f"{text[: _LONGEST_CELL * 5]}…"


@contextmanager
def progress(total: int, what: str) -> Iterator[Callable[[], None]]:
    """A bar on stderr for a batch of over twenty items on a terminal; gives what advances it."""
    if total < BAR_FROM or not sys.stderr.isatty():
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=total)
        yield lambda: bar.advance(task)
