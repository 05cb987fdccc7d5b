"""Run `threecx` as `python -m threecx_node.cli`."""

from . import main

main()
