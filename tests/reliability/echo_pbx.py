"""A PBX that repeats every secret it has seen, wherever a response has room for text."""

from __future__ import annotations

import asyncio
import html
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import parse_qs, quote, quote_plus

from tests.reliability.hostile import read_request
from tests.reliability.pbx import Request, response
from tests.reliability.threads import serving_in_thread

# Each way to write the key differs from the others.
KEY = 'k3y-"planted"<&>+/ \u00e9-0123456789'
TOKEN = "t0ken-planted-abcdefghijklmnopqrstuvwxyz.0123456789"

Where = Literal["login", "api"]


def _escaped(text: str) -> str:
    return "".join(f"\\u{ord(each):04x}" for each in text)


WRITINGS: Mapping[str, Callable[[str], str]] = {
    "as it is": lambda text: text,
    "in a form": quote_plus,
    "in a URL": lambda text: quote(text, safe=""),
    "in HTML": html.escape,
    "in JSON": lambda text: json.dumps(text)[1:-1],
    "in JSON escapes": _escaped,
}


def _document(error: object) -> bytes:
    # Written by hand, so that escapes in a text stay as they are.
    return json.dumps(error, ensure_ascii=False).replace("\\\\u", "\\u").encode()


def _odata(code: str, message: str, target: str) -> bytes:
    detail = {"code": code, "message": message, "target": target}
    return _document({"error": {"code": code, "message": message, "details": [detail]}})


Answer = Callable[[str], bytes]
PLACES: Mapping[str, Answer] = {
    "message of 3CX": lambda text: response(400, _odata("", f"Wrong: {text}", "Number")),
    "code of 3CX": lambda text: response(400, _odata(text, "Wrong", "Number")),
    "target of 3CX": lambda text: response(400, _odata("", "Wrong", text)),
    "login error": lambda text: response(401, _document({"error": text, "error_description": text})),
    "number of an error": lambda text: response(
        400, _document({"error": {"message": [text], "code": {text: 1}}})
    ),
    "title of a page": lambda text: response(
        500, f"<html><title>{text}</title></html>".encode(), "text/html"
    ),
    "text": lambda text: response(500, f"broken: {text}".encode(), "text/plain"),
    "UTF-16": lambda text: response(500, f'{{"error": {{"message": "{text}"}}}}'.encode("utf-16")),
    "redirect": lambda text: response(302, headers={"Location": f"https://other.example/{quote(text)}"}),
    "redirect by a page": lambda text: response(
        200, f'<meta http-equiv="refresh" content="0; url=https://x/{text}">'.encode(), "text/html"
    ),
    "challenge": lambda text: response(403, headers={"WWW-Authenticate": f'Bearer error="{quote(text)}"'}),
    "list of errors": lambda text: response(200, _document({"value": [{"Number": text, "Error": text}]})),
    "a page of success": lambda text: response(
        200, f"<html><title>{text}</title></html>".encode(), "text/html"
    ),
    "type of content": lambda text: response(500, b"x", f"text/{quote(text)}"),
    "JSON that is cut": lambda text: response(200, _document({"value": text})[:-1]),
}


@dataclass
class EchoPbx:
    """Answers the login or the API with an error that repeats key and token; the other one as it should."""

    where: Where = "api"
    writing: str = "as it is"
    place: str = "text"
    port: int = 0
    requests: list[Request] = field(default_factory=list)
    logins: list[Request] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of one connection."""
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            try:
                while True:
                    request = await read_request(reader)
                    writer.write(self.answer(request))
                    await writer.drain()
            finally:
                writer.close()

    def answer(self, request: Request) -> bytes:
        """Return the response to a request."""
        write = WRITINGS[self.writing]
        # A client whose login failed does not know a token.
        secrets = (KEY,) if self.where == "login" else (KEY, TOKEN, f"Bearer {TOKEN}")
        echo = PLACES[self.place](" ".join(map(write, secrets)))
        if request.path == "/connect/token":
            assert parse_qs(request.body.decode())["client_secret"] == [KEY]
            self.logins.append(request)
            token = json.dumps({"access_token": TOKEN, "expires_in": 3600}).encode()
            return echo if self.where == "login" else response(200, token)
        self.requests.append(request)
        return echo


@contextmanager
def echo_pbx() -> Iterator[EchoPbx]:
    """Yield a running PBX; set where and how it repeats the secrets."""
    pbx = EchoPbx()
    with serving_in_thread(pbx.serve) as (port, _):
        pbx.port = port
        yield pbx


def find_secrets(text: str) -> list[str]:
    """Return what of the secrets is in a text, in any of the ways to write them."""
    parts = {"key": KEY, "token": TOKEN}
    return [
        f"{name} {writing}"
        for name, secret in parts.items()
        for writing, write in WRITINGS.items()
        if write(secret) in text
    ]
