"""The executor as an HTTP service, which workflow canvases call."""
