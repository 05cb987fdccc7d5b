"""Patterns of hosts that an operator allows: a host, or all hosts of a domain, with one port or with all."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

_DEFAULT_PORTS = {"https": 443, "http": 80}
_ENTRY = re.compile(r"(?P<host>\*\.[^\s:/@*\[\]]+|[^\s:/@*\[\]]+|\[[0-9A-Fa-f:.]+\])(?::(?P<port>\d{1,5}))?")


@dataclass(frozen=True, slots=True)
class HostPattern:
    """A host, or all hosts of a domain (`*.example.com`), with one port or with all."""

    host: str
    port: int | None = None

    @classmethod
    def parse(cls, text: str) -> HostPattern:
        """Read `HOST` or `HOST:PORT`. Raises ValueError."""
        found = _ENTRY.fullmatch(text.strip())
        port = int(found["port"]) if found and found["port"] else None
        if found is None or port == 0 or (port or 0) > 65_535:
            raise ValueError(f"{text[:100]!r} is not a host")
        return cls(found["host"].lower().rstrip(".").strip("[]"), port)

    def includes(self, url: str) -> bool:
        """Return whether a URL is one of this host."""
        parts = urlsplit(url)
        host = (parts.hostname or "").rstrip(".")
        port = parts.port or _DEFAULT_PORTS.get(parts.scheme)
        is_host = host.endswith(self.host[1:]) if self.host.startswith("*.") else host == self.host
        return is_host and self.port in (None, port)
