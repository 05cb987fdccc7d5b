"""Replace the nodes of a generated 3CX node in workflows by this package's node (`threecx migrate`)."""

from .workflow import GENERATED_ENDING, Migration, NodeReport, migrate

__all__ = ["GENERATED_ENDING", "Migration", "NodeReport", "migrate"]
