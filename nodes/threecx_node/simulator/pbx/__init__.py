"""The simulated PBX without HTTP: the rules of its entities, its dial plan, its derived sets."""
