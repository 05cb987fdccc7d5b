"""Send requests to a PBX and return its responses: connections, token, retries, translated exceptions."""
