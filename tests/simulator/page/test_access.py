"""Access to the page: only browsers, only on this machine, and nothing from other sites in it."""

from __future__ import annotations

import re
import ssl
from typing import Any

import httpx
import pytest

from tests.simulator.page.reading import links
from threecx_node.simulator import Simulator
from threecx_node.simulator.http.origin import is_local, is_page_request


def test_only_browsers_get_it(browser: httpx.Client) -> None:
    assert browser.get("/").status_code == 200
    head = browser.head("/")
    assert (head.status_code, head.content) == (200, b"")
    for accept in ("*/*", "application/json", ""):
        answer = browser.get("/", headers={"accept": accept})
        assert answer.status_code == 404
        assert "error" in answer.json()
    assert browser.post("/").status_code == 404
    assert browser.get("/index.html").status_code == 404
    assert browser.get("/xapi/v1/Users").status_code == 401


def scope(host: bytes | None, client: str | None, accept: bytes = b"text/html") -> dict[str, Any]:
    headers = [(b"accept", accept), *([(b"host", host)] if host is not None else [])]
    return {"path": "/", "method": "GET", "headers": headers, "client": client and (client, 4711)}


@pytest.mark.parametrize(
    "host", [b"localhost", b"LOCALHOST:5001", b"127.0.0.1:5001", b"127.8.9.1", b"[::1]:80"]
)
@pytest.mark.parametrize("client", ["127.0.0.1", "127.3.2.1", "::1", "::ffff:127.0.0.1"])
def test_clients_on_this_machine(host: bytes, client: str) -> None:
    assert is_local(scope(host, client))


@pytest.mark.parametrize(
    ("host", "client"),
    [
        (b"127.0.0.1", "192.0.2.7"),
        (b"127.0.0.1", "2001:db8::1"),
        (b"127.0.0.1", "::ffff:192.0.2.7"),
        (b"127.0.0.1", "/run/socket"),
        (b"127.0.0.1", None),
        # A public name that resolves to this machine, and the name of a proxy.
        (b"rebound.example", "127.0.0.1"),
        (b"127.0.0.1.example", "127.0.0.1"),
        (b"localhost.example:5001", "127.0.0.1"),
        (b"127.0.0.1@evil.example", "127.0.0.1"),
        (b"", "127.0.0.1"),
        (None, "127.0.0.1"),
    ],
)
def test_other_clients(host: bytes | None, client: str | None) -> None:
    asked = scope(host, client)
    assert is_page_request(asked)
    assert not is_local(asked)


def test_two_host_headers() -> None:
    asked = scope(b"localhost", "127.0.0.1")
    asked["headers"].append((b"host", b"localhost"))
    assert not is_local(asked)


def test_public_page() -> None:
    elsewhere = {"accept": "text/html", "host": "pbx.example"}
    with Simulator(seed="empty") as private, Simulator(seed="empty", public_page=True) as public:
        refused = httpx.get(private.base_url, headers=elsewhere)
        assert refused.status_code == 403
        assert "localhost" in refused.text
        assert "Users" not in refused.text
        assert httpx.get(public.base_url, headers=elsewhere).status_code == 200


def test_https() -> None:
    with Simulator(seed="empty", tls=True) as pbx:
        trust = ssl.create_default_context(cafile=pbx.ca_file)
        assert httpx.get(pbx.base_url, headers={"accept": "text/html"}, verify=trust).status_code == 200


def test_content_security_policy(browser: httpx.Client) -> None:
    first, second = browser.get("/"), browser.get("/")
    policies = [answer.headers["content-security-policy"] for answer in (first, second)]
    assert policies[0] != policies[1]
    nonces = set(re.findall(r'nonce="([^"]+)"', first.text))
    assert len(nonces) == 1
    assert policies[0].count(f"'nonce-{nonces.pop()}'") == 2
    assert "default-src 'none'" in policies[0]
    assert "unsafe" not in policies[0]
    assert first.headers["x-content-type-options"] == "nosniff"
    assert first.headers["cache-control"] == "no-store"
    # No inline handlers and styles, which the policy refuses, and no links to other sites.
    assert not re.search(r"<[^>]+\son\w+=|<[^>]+\sstyle=", first.text)
    assert not [link for link in links(first, "") if not link.startswith(("/", "#", "data:"))]
    assert "src=" not in first.text
