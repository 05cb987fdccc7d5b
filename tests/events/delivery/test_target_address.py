"""The URLs that may get deliveries."""

from __future__ import annotations

import pytest

from threecx_node.errors import ConfigurationError
from threecx_node.events.delivery.target_address import check_target, parse_allowed


@pytest.mark.parametrize(
    "url",
    [
        "https://n8n.example.com/webhook/3cx",
        "http://localhost:5678/webhook/3cx?a=b",
        "http://127.0.0.1:5678/",
        "http://192.168.1.5/x",
        "http://[::1]:5678/webhook",
        "http://n8n:5678/webhook/%C3%A9",
    ],
)
def test_usual_receivers_are_allowed(url: str) -> None:
    check_target(url)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("", "is missing"),
        ("n8n.example.com/webhook/planted", "the webhook URL has no scheme"),
        ("localhost:5678/planted", "the webhook URL has no scheme"),
        ("ftp://n8n.example.com/planted", "scheme of the webhook URL is 'ftp'"),
        ("file:///planted", "scheme of the webhook URL is 'file'"),
        ("https://user:planted@n8n.example.com/", "user name or password"),
        ("https:///planted", "no host name"),
        ("https://n8n.example.com:99999/planted", "host or port"),
        ("https://[::1/planted", "host or port"),
        ("https://n8n.example.com/planted path", "blanks"),
        ("https://n8n.example.com/planted\r\nX: y", "blanks"),
        ("https://bücher.example.com/", "not encoded"),
        ("https://n8n.example.com/" + "planted" * 300, "more than 2,000 characters"),
        ("http://169.254.169.254/latest/planted", "link-local"),
        ("http://[fe80::1]/planted", "link-local"),
        ("http://2852039166/planted", "link-local"),
        ("http://0xa9fea9fe/planted", "link-local"),
        ("http://[::ffff:169.254.169.254]/planted", "link-local"),
        ("http://metadata.google.internal/planted", "link-local"),
        ("http://0.0.0.0:5678/planted", "link-local"),
    ],
)
def test_a_bad_url_is_refused_without_its_path(url: str, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words) as caught:
        check_target(url)
    assert caught.value.code == "webhook_url"
    assert "planted" not in caught.value.one_line()


def test_only_allowed_hosts_get_deliveries() -> None:
    allowed = ("n8n.example.com:5678", "*.internal")
    check_target("http://n8n.example.com:5678/webhook", allowed)
    check_target("https://one.internal/webhook", allowed)
    for url in ("http://n8n.example.com/webhook", "https://internal/", "https://n8n.example.com.evil:5678/"):
        with pytest.raises(ConfigurationError) as caught:
            check_target(url, allowed)
        assert caught.value.code == "webhook_not_allowed"
    with pytest.raises(ConfigurationError, match="--allow-webhook 'https://x' is not a host"):
        parse_allowed(["https://x"])
