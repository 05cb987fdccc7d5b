"""`python -m threecx_node.cli` is `threecx`."""

from . import main

main()
