"""A secret that a server repeats: it is masked in every form in which servers write texts."""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from threecx_credentials.fields import MASK
from threecx_credentials.masking import LONGEST_BODY, mask_bytes, mask_text

KEY = "s3cr3t/key+with=odd&\"signs' ü€😀"
USER = "900"


def encode_all(text: str) -> str:
    return "".join(f"%{each:02X}" for each in text.encode())


def basic(text: str) -> str:
    return base64.b64encode(f"{USER}:{text}".encode()).decode()


FORMS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "URL": quote,
    "URL, all": lambda text: quote(text, safe=""),
    "URL, every character": encode_all,
    "URL, small letters": lambda text: encode_all(text).lower(),
    "URL, twice": lambda text: quote(quote(text, safe=""), safe=""),
    "form": quote_plus,
    "JSON": lambda text: json.dumps(text)[1:-1],
    "JSON, UTF-8": lambda text: json.dumps(text, ensure_ascii=False)[1:-1],
    "JSON in JSON": lambda text: json.dumps(json.dumps(text))[1:-1],
    "JSON, slashes": lambda text: json.dumps(text)[1:-1].replace("/", "\\/"),
    "JSON, every character": lambda text: "".join(
        f"\\u{int.from_bytes(text.encode('utf-16-be')[at : at + 2], 'big'):04X}"
        for at in range(0, len(text.encode("utf-16-be")), 2)
    ),
    "HTML": html.escape,
    "HTML, numbers": lambda text: "".join(f"&#{ord(each)};" for each in text),
    "HTML, hexadecimal": lambda text: "".join(f"&#x{ord(each):x};" for each in text),
    "Basic": basic,
    "Basic, URL": lambda text: quote_plus(basic(text)),
    "Basic, encoded first": lambda text: base64.b64encode(f"{USER}:{quote_plus(text)}".encode()).decode(),
    "Base64": lambda text: base64.b64encode(text.encode()).decode(),
    "Base64, URL": lambda text: base64.urlsafe_b64encode(text.encode()).decode().rstrip("="),
    "Base64 of a form": lambda text: base64.b64encode(f"client_secret={text}&x=1".encode()).decode(),
    "hexadecimal": lambda text: text.encode().hex(),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("key", [KEY, "q1w2E3r4T5y6U7i8O9p0", "a-b_c.d~e"])
def test_a_repeated_secret_is_masked(form: str, key: str) -> None:
    shown = FORMS[form](key)
    masked = mask_text(f"before {shown} behind", [key])
    assert shown not in masked
    assert masked.startswith("before ")
    assert masked.endswith(" behind")
    assert MASK in masked


@pytest.mark.parametrize("offset", range(4))
def test_a_secret_within_base64_is_masked(offset: int) -> None:
    text = "x" * offset + KEY + "behind"
    shown = base64.b64encode(text.encode()).decode()
    masked = mask_text(shown, [KEY])
    assert masked.endswith(MASK)
    # The text before it stays, with at most the first bits of the secret.
    assert len(masked.removesuffix(MASK)) <= 2 * offset


def test_all_fields_of_a_document_are_masked() -> None:
    document = {
        "error": KEY,
        "error_description": [f"a {quote(KEY)}", {KEY: {"deep": json.dumps(KEY)}}],
        "n": 1,
    }
    content = mask_bytes(json.dumps(document).encode(), [KEY])
    assert KEY not in str(json.loads(content))
    assert quote(KEY) not in str(json.loads(content))
    assert json.loads(content)["n"] == 1


def test_other_texts_stay_as_they_are() -> None:
    page = "<html><body>503 Service Unavailable, ä € \udcff</body></html>".encode("utf-8", "surrogateescape")
    assert mask_bytes(page, [KEY]) == page
    body = b'{ "error": {"code": "", "message":"Number:\\nWARNINGS" } }'
    assert mask_bytes(body, [KEY]) == body


SECRETS = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=6, max_size=40)


@given(SECRETS, st.sampled_from(sorted(FORMS)), st.text(max_size=20))
def test_any_secret_is_masked(key: str, form: str, around: str) -> None:
    shown = FORMS[form](key)
    masked = mask_bytes(json.dumps({"error": f"{around}|{shown}|{around}"}).encode(), [key])
    assert MASK in json.loads(masked)["error"]


@given(st.binary(max_size=200))
def test_any_content_is_survived(content: bytes) -> None:
    mask_bytes(content, [KEY])


@pytest.mark.parametrize("run", ["a", "\\", "%25", "&amp;", "=", "0", "s3cr3t/"])
def test_long_runs_are_read_in_one_pass(run: str) -> None:
    content = (run * (LONGEST_BODY // len(run))).encode()
    assert mask_bytes(content, [KEY]) == content


def test_a_token_is_masked_too() -> None:
    token = "eyJ" + "aB3-_." * 300 + "+/="
    for form in (str, quote, quote_plus, json.dumps):
        assert mask_text(f"Bearer {form(token)}".replace('"', ""), [token]) == f"Bearer {MASK}"


def test_a_deep_document_is_survived() -> None:
    mask_bytes(b"[" * 100_000, [KEY])
    deep = b"[" * 500 + json.dumps(KEY).encode() + b"]" * 500
    assert KEY.encode() not in mask_bytes(deep, [KEY])


def test_a_body_without_an_end_is_cut() -> None:
    """A search for all forms of a secret in megabytes would keep all other callers of a service waiting."""
    masked = mask_bytes(b"x" * 10_000_000 + KEY.encode(), [KEY])
    assert masked == b"x" * LONGEST_BODY
