"""`threecx demo`: run an example."""

from __future__ import annotations

from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("demo")(demo)


def demo(
    node: Annotated[
        str | None,
        typer.Option(
            "--node",
            metavar="FILE",
            help="Node to run, as the canvas copies it.",
            show_default="a node that deletes call flow apps",
        ),
    ] = None,
    items: Annotated[
        str | None,
        typer.Option(
            "--items",
            metavar="FILE",
            help="JSON file with a list of input items.",
            show_default="the items of the example",
        ),
    ] = None,
) -> None:
    """Run an example from node to results.

    Starts a simulated PBX, runs a copied node for a list of items and prints the results.
    """
    from .demo import run_demo
    from .interrupts import end_at_once

    # Its PBX is simulated: no result is lost.
    end_at_once()
    raise typer.Exit(run_demo(node, items))
