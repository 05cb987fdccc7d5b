"""The fields of the credential: URLs as people type them, and a key that is never shown."""

from __future__ import annotations

import copy
import json
import pickle
import traceback

import pytest
from hypothesis import given
from hypothesis import strategies as st

from threecx_credentials import Credential, CredentialError, Secret
from threecx_credentials.fields import normalise_base_url

KEY = "s3cr3t-key-of-the-pbx"


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("https://pbx.example.com", "https://pbx.example.com"),
        ("https://pbx.example.com/", "https://pbx.example.com"),
        ("https://pbx.example.com///", "https://pbx.example.com"),
        ("https://pbx.example.com/xapi/v1", "https://pbx.example.com"),
        ("https://pbx.example.com/xapi/v1/", "https://pbx.example.com"),
        ("https://pbx.example.com/XAPI/V1", "https://pbx.example.com"),
        ("https://pbx.example.com/xapi", "https://pbx.example.com"),
        ("https://pbx.example.com:5001/xapi/v1", "https://pbx.example.com:5001"),
        ("pbx.example.com", "https://pbx.example.com"),
        ("pbx.example.com:5001", "https://pbx.example.com:5001"),
        (" PBX.Example.com \n", "https://pbx.example.com"),
        ("http://127.0.0.1:5004", "http://127.0.0.1:5004"),
        ("HTTPS://pbx.example.com", "https://pbx.example.com"),
        ("https://[::1]:5001", "https://[::1]:5001"),
        ("https://proxy.example/office/xapi/v1/", "https://proxy.example/office"),
        ("https://pbx.example.com/xapi/v1/Users", "https://pbx.example.com"),
        ("https://pbx.example.com/xapi//v1//", "https://pbx.example.com"),
        ("https://pbx/#/office/users", "https://pbx"),
        ("https://pbx.example.com/#", "https://pbx.example.com"),
        ("https://pbx.example.com:5001/#/office/dashboard?filter=x%20y", "https://pbx.example.com:5001"),
        ("  https://pbx.example.com/webclient/#/people  ", "https://pbx.example.com"),
        ("pbx.example.com/#/login?next=https://other.example", "https://pbx.example.com"),
        ("https://pbx.example.com/webclient", "https://pbx.example.com"),
        ("https://pbx.example.com/WebClient/index.html", "https://pbx.example.com"),
        ("https://pbx.example.com/index.html#/office", "https://pbx.example.com"),
        ("https://proxy.example/office/webclient/#/people", "https://proxy.example/office"),
        ("https://proxy.example/office/#/office/users", "https://proxy.example/office"),
        ("https://pbx.example.com/connect/token", "https://pbx.example.com"),
    ],
)
def test_urls_are_understood(typed: str, meant: str) -> None:
    assert normalise_base_url(typed) == meant
    # A normalised URL stays the same.
    assert normalise_base_url(meant) == meant


@pytest.mark.parametrize(
    ("typed", "problem"),
    [
        ("", "missing"),
        ("   ", "missing"),
        ("https://ada:hunter2@pbx.example.com", "user name or password"),
        ("ada:hunter2@pbx.example.com", "user name or password"),
        ("ftp://pbx.example.com", "scheme is 'ftp'"),
        ("https://", "no host"),
        ("https://pbx.example.com:99999", "host or port"),
        ("https://pbx.example.com:port", "host or port"),
        ("https://pbx.example.com?x=1", "query"),
        ("https://pbx.example.com/?x=1#/login", "query"),
        ("https://ada:hunter2@pbx.example.com/#/office/users", "user name or password"),
        ("https://pbx.example.com/webclient/?token=hunter2", "query"),
        ("#/office/users", "no host"),
        ("https://pbx example.com", "host"),
        ("https://pbx.example.com\r\nX-Evil: 1", "control character"),
        ("https://pbx.example.com/a/../b", "path"),
    ],
)
def test_an_error_about_a_url_does_not_repeat_it(typed: str, problem: str) -> None:
    with pytest.raises(CredentialError, match=problem) as caught:
        normalise_base_url(typed)
    assert caught.value.field == "baseUrl"
    assert caught.value.remedy
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("typed", "left_out"),
    [
        ("https://pbx/#/office/users", "/#/office/users"),
        ("https://pbx/webclient/#/people", "/webclient/#/people"),
        ("https://pbx/webclient/", "/webclient"),
        ("https://pbx/xapi/v1/Users", "/xapi/v1/Users"),
        ("https://pbx/#/login?token=hunter2", "/#/login"),
        ("https://pbx/#/" + "x" * 500, "/#/" + "x" * 57 + "…"),
        ("https://pbx/#", ""),
        ("https://pbx/xapi/v1/", ""),
        ("https://pbx//", ""),
    ],
)
def test_what_is_left_out_of_a_url_is_reported(typed: str, left_out: str) -> None:
    credential = Credential.of(typed, "900", KEY)
    assert credential.left_out == left_out
    assert credential.base_url == "https://pbx"
    assert credential == Credential.of("https://pbx", "900", KEY)
    if left_out:
        expected = f"the PBX URL is read as https://pbx: {left_out} is not a part of the address"
        assert credential.note == expected
    else:
        assert credential.note == ""


@given(st.text(max_size=40))
def test_any_text_is_understood_or_refused(typed: str) -> None:
    try:
        meant = normalise_base_url(typed)
    except CredentialError:
        return
    assert meant.startswith(("http://", "https://"))
    assert not meant.endswith("/")
    assert normalise_base_url(meant) == meant


@pytest.mark.parametrize(
    ("client", "key", "field"),
    [
        ("", KEY, "clientId"),
        ("w", "", "clientSecret"),
        ("w\nx", KEY, "clientId"),
        ("w", "a\nb", "clientSecret"),
    ],
)
def test_missing_and_broken_fields_are_named(client: str, key: str, field: str) -> None:
    with pytest.raises(CredentialError) as caught:
        Credential.of("pbx.example", client, key)
    assert caught.value.field == field
    assert KEY not in str(caught.value)


def test_the_key_shows_itself_only_when_asked() -> None:
    credential = Credential.of("pbx.example", "workflow", f" {KEY}\n")
    secret = credential.client_secret
    assert secret.reveal() == KEY
    for shown in (
        repr(credential),
        str(credential),
        f"{secret}",
        repr(secret),
        f"{secret!r:>40}",
        str([secret]),
    ):
        assert KEY not in shown
    with pytest.raises(TypeError):
        pickle.dumps(secret)
    with pytest.raises(TypeError):
        json.dumps({"secret": secret})
    assert KEY not in "".join(traceback.format_exception(ValueError(credential)))


def test_secrets_compare_by_value() -> None:
    assert Secret("a") == Secret("a") != Secret("b")
    assert Secret("a") != "a"
    assert len({Secret("a"), Secret("a")}) == 1
    assert copy.copy([Secret("a")]) == [Secret("a")]
