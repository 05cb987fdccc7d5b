"""Sockets to listen on, and the advice if one cannot be opened."""

from __future__ import annotations

import errno
import os
import socket

import pytest

from threecx_node.errors import ConfigurationError
from threecx_node.server.listener import build_url, open_sockets


@pytest.mark.parametrize("host", ["999.1.1.1", "192.0.2.1", "[::1]", "nobody.invalid", "a..b", "a\0b"])
def test_unusable_host(host: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        open_sockets(host, [0])
    assert "Set the host" in caught.value.description
    assert "Choose" not in caught.value.description


def test_port_for_root_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def bind(*_: object) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(socket.socket, "bind", bind)
    with pytest.raises(ConfigurationError, match="port 80: Permission denied") as caught:
        open_sockets("127.0.0.1", [80])
    assert "Choose a port from 1024" in caught.value.description


@pytest.mark.parametrize("port", [-1, 65_536])
def test_port_out_of_range(port: int) -> None:
    with pytest.raises(ConfigurationError, match="from 0 to 65535"):
        open_sockets("127.0.0.1", [port])


def test_no_socket_stays_open_if_one_port_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        free = socket.create_server(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        with pytest.raises(ConfigurationError, match="in use"):
            open_sockets("127.0.0.1", [port, taken.getsockname()[1]])
        with open_sockets("127.0.0.1", [port])[0] as again:
            assert again.getsockname()[1] == port


@pytest.mark.parametrize(
    ("host", "scheme", "url"),
    [("127.0.0.1", "http", "http://127.0.0.1:80"), ("::1", "https", "https://[::1]:80")],
)
def test_url(host: str, scheme: str, url: str) -> None:
    assert build_url(host, 80, scheme=scheme) == url
