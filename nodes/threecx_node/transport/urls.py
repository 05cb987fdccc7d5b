"""Read the URLs of requests, which are encoded. To read one as a whole takes as long as much of the request does."""

from __future__ import annotations

import yarl


class UrlReader:
    """Reads URLs of nearly always the same server, whose scheme, host and port are read once."""

    def __init__(self) -> None:
        self._server = yarl.URL()
        # The text of `_server` up to the path: "https://pbx.example.com:5001/".
        self._start = ""

    def read(self, url: str) -> yarl.URL:
        """Return an absolute URL as it is written. Raises ValueError for one that cannot be read."""
        start = self._start
        if start and url.startswith(start) and "?" not in url and "#" not in url:
            return self._server.with_path(url[len(start) - 1 :], encoded=True)
        found = yarl.URL(url, encoded=True)
        server = f"{found.scheme}://{found.raw_authority}/"
        if server != start and url.startswith(server):
            self._server, self._start = found, server
        return found
