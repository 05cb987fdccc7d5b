"""Instruments for tests: fault injection, the recorder of requests, the control endpoint."""
