"""Secrets in texts that a server wrote."""

from __future__ import annotations

import html
import json
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from threecx_credentials.masking import mask_bytes, mask_text

KEY = 'k3y-"planted"<&>+/ é-0123456789'


@pytest.mark.parametrize(
    "written",
    [
        KEY,
        quote_plus(KEY),
        quote(KEY),
        quote(KEY, safe="").replace("%C3%A9", "%c3%a9"),
        html.escape(KEY),
        json.dumps(KEY)[1:-1],
        json.dumps(KEY, ensure_ascii=False)[1:-1],
        "".join(f"\\u{ord(each):04x}" for each in KEY),
    ],
)
def test_secret_is_masked_however_it_is_written(written: str) -> None:
    assert mask_text(f"wrong key {written}!", [KEY]) == "wrong key ********!"
    assert mask_bytes(f"wrong key {written}!".encode(), [KEY]) == b"wrong key ********!"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be"])
def test_secret_is_masked_in_the_encodings_of_servers(encoding: str) -> None:
    assert KEY.encode(encoding) not in mask_bytes(f"a {KEY} b".encode(encoding), [KEY])


def test_text_without_a_secret_stays_as_it_is() -> None:
    assert mask_text("nothing of it", [KEY, ""]) == "nothing of it"


@given(st.text(min_size=4), st.text(), st.text())
def test_no_text_keeps_a_secret(secret: str, before: str, after: str) -> None:
    masked = mask_text(before + secret + after, [secret])
    assert secret not in masked or secret in "********" * 3
