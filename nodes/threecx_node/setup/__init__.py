"""Set up the client of a PBX that listens to calls, and diagnose what keeps a client from its work."""
