"""The credential in n8n's HTTP Request node: the executor's key and the PBX's secret go to the executor only."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.e2e.conftest import Canvas
from tools.lab.stage import CLIENT_SECRET, CREDENTIAL_TYPE, NODE_TYPE

KEY = "the-key-of-the-executor"


class Server:
    """A server that records what it receives, and redirects to another address or answers with an empty object."""

    def __init__(self, redirect: str = "", status: int = 307) -> None:
        self.received: list[str] = []
        received = self.received

        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
                received.append(f"{self.command} {self.path}\n{self.headers}\n{body}")
                self.send_response(status if redirect else 200)
                if redirect:
                    self.send_header("Location", redirect)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            do_GET = do_POST = do_CONNECT = answer  # noqa: N815 (names of http.server)

            def log_message(self, *_: Any) -> None:
                """Write nothing to the test's output."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def serving(redirect: str = "", status: int = 307) -> Iterator[Server]:
    server = Server(redirect, status)
    try:
        yield server
    finally:
        server.stop()


def http_request(credential: dict[str, str], url: str, **options: Any) -> dict[str, Any]:
    """Return an HTTP Request node with the credential; `options` are those of the node."""
    return {
        "name": "HTTP",
        "type": "n8n-nodes-base.httpRequest",
        "typeVersion": 4.2,
        "parameters": {
            "method": "POST",
            "url": url,
            "authentication": "predefinedCredentialType",
            "nodeCredentialType": CREDENTIAL_TYPE,
            "sendBody": True,
            "specifyBody": "json",
            "jsonBody": "{}",
            "options": options,
        },
        "credentials": {CREDENTIAL_TYPE: credential},
        "onError": "continueRegularOutput",
    }


def run_request(canvas: Canvas, credential: dict[str, str], url: str, **options: Any) -> dict[str, Any]:
    """Return the output item of an HTTP Request node that was run once."""
    done = canvas.run(http_request(credential, url, **options))
    assert CLIENT_SECRET not in json.dumps(done.run_data)
    assert KEY not in json.dumps(done.run_data)
    [item] = done.items("HTTP")
    return dict(item["json"])


def create_credential(canvas: Canvas, executor_url: str) -> dict[str, str]:
    data = canvas.stage.credential_data(executorUrl=executor_url, executorKey=KEY)
    return canvas.stage.client.create_credential("3CX with a key", CREDENTIAL_TYPE, data)


def test_key_and_secret_are_sent_to_no_other_url(canvas: Canvas) -> None:
    executor = canvas.stage.executor.url
    credential = create_credential(canvas, executor)
    with serving() as thief:
        other = f"127.0.0.1:{thief.port}"
        urls = [
            f"{thief.url}/v1/execute",
            f"{executor}@{other}/v1/execute",
            f"http:\\\\{other}\\v1\\execute",
            f"//{other}/v1/execute",
            f"{executor}/v1/../health",
            f"{executor}/v1/%2e%2e/health",
            f"{executor}/health",
            f"{executor.replace('http:', 'https:')}/v1/check",
        ]
        for url in urls:
            assert "error" in run_request(canvas, credential, url), url
        item = run_request(canvas, credential, urls[0])
        assert f"is not sent to {urls[0]}" in json.dumps(item)
        item = run_request(canvas, credential, f"{executor}/v1/check", proxy=thief.url)
        assert "proxy" in json.dumps(item)
        assert thief.received == []


def test_request_to_the_executor_itself_is_allowed(canvas: Canvas) -> None:
    credential = create_credential(canvas, canvas.stage.executor.url)
    item = run_request(canvas, credential, f"{canvas.stage.executor.url}/v1/check")
    assert item["ok"] is True


def test_failed_requests_show_neither_key_nor_secret(canvas: Canvas) -> None:
    credential = create_credential(canvas, canvas.stage.executor.url)
    refused = run_request(canvas, credential, f"{canvas.stage.executor.url}/v1/execute")
    assert "operation" in json.dumps(refused)
    with serving() as server:
        closed = server.url
    unreachable = run_request(canvas, create_credential(canvas, closed), f"{closed}/v1/execute")
    assert "ECONNREFUSED" in json.dumps(unreachable)


def test_redirects_carry_neither_key_nor_secret(canvas: Canvas) -> None:
    redirects = {"redirect": {"redirect": {"followRedirects": True, "maxRedirects": 5}}}
    with serving() as thief, serving(f"{thief.url}/v1/execute") as redirecting:
        credential = create_credential(canvas, redirecting.url)
        run_request(canvas, credential, f"{redirecting.url}/v1/execute", **redirects)
        assert len(redirecting.received) == 1
        assert KEY in redirecting.received[0]
        node = canvas.node("ListUser", {"resource": "Users"}) | {"credentials": {CREDENTIAL_TYPE: credential}}
        error = canvas.run(node).node_error("3CX")
        assert len(redirecting.received) == 2
        assert thief.received == []
    assert error["message"] == f"The server at {redirecting.url} redirects to {thief.url}/v1/execute"
    assert "Executor URL" in error["description"]


def test_no_custom_api_call_is_offered(canvas: Canvas) -> None:
    offered = canvas.stage.client.node_type(NODE_TYPE)["properties"]
    names = [
        option["name"]
        for each in offered
        if each["name"] in {"resource", "operation"}
        for option in each["options"]
    ]
    assert len(names) > 600
    assert "Custom API Call" not in names


def test_api_request_instead(canvas: Canvas) -> None:
    parameters = {"resource": "Api", "path": "/xapi/v1/Users", "query": '{"$top": 2, "$select": "Id"}'}
    done = canvas.run(canvas.node("ApiRequest", parameters))
    assert len(done.items("3CX")) == 2, done.error
    patch = {
        "resource": "Api",
        "method": "PATCH",
        "path": "=/xapi/v1/Users({{ $json.Id }})",
        "body": '={{ {"FirstName": "Ada"} }}',
        "options": {"If-Match": '={{ $json["@odata.etag"] }}'},
    }
    done = canvas.run(
        canvas.node("ApiRequest", parameters) | {"name": "Read"}, canvas.node("ApiRequest", patch)
    )
    assert [each["json"] for each in done.items("3CX")] == [{"updated": True}] * 2, done.error
    assert canvas.stage.pbx.requests[-1].json() == {"FirstName": "Ada"}
    error = canvas.run(
        canvas.node("ApiRequest", {**parameters, "path": "https://other.example/x"})
    ).node_error("3CX")
    assert "is not below /xapi/v1 or /callcontrol" in error["message"]
