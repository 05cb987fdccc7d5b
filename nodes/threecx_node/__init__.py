"""The 3CX phone system as a node for workflow canvases."""
