"""Calls that happen in the simulated PBX: calls, legs, devices, routing, and scenarios; without any wire format."""
