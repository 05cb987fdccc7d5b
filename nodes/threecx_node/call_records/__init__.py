"""Calls that have ended, as the PBX records them: the rows of the call log put together to calls."""
