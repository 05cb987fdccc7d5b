"""Read the events of one PBX as one client sees it: live calls and records."""
