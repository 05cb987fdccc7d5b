"""Workflows with a generated 3CX node → workflows with ours (`threecx migrate`)."""

from .workflow import GENERATED_ENDING, Migration, NodeReport, migrate

__all__ = ["GENERATED_ENDING", "Migration", "NodeReport", "migrate"]
