"""`make n8n`, as a person types it: what it prints lets one in, the examples run, and Ctrl-C ends all of it."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from urllib.parse import urlsplit

import httpx
import pytest

from tests.support import ROOT
from tests.tools.printed import read_until_last
from tools.lab.n8n_client import N8nClient
from tools.lab.open_n8n import EXAMPLES, with_credential
from tools.lab.stage import CREDENTIAL_TYPE

# Workflows that have something to show at the first run, with a node and how many items it returns at least.
_RUNS = (
    ("Save yesterday's call log as CSV", "Get yesterday's calls", 10),
    ("Download yesterday's recordings", "Download recording", 1),
    ("Delete many blocked numbers, and retry the failed", "Delete blocked number", 40),
)


def test_make_n8n() -> None:
    command = [sys.executable, "-m", "tools.lab.open_n8n"]
    with subprocess.Popen(
        command,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        try:
            text = read_until_last(process.stdout)
            printed = dict(re.findall(r"^ *((?:\w+ )*\w+) +(\S+)", text, re.MULTILINE))
            parts = urlsplit(printed["n8n"])
            client = N8nClient(f"{parts.scheme}://{parts.netloc}")
            login = {"emailOrLdapLoginId": printed["Email"], "password": printed["Password"]}
            client.call("POST", "/login", login)
            data = {
                "connection": "direct",
                "baseUrl": printed["PBX URL"],
                "clientId": printed["Client ID"],
                "apiKey": printed["API Key"],
                "executorUrl": printed["Executor URL"],
                "executorKey": "",
            }
            own = client.create_credential("As printed", CREDENTIAL_TYPE, data)
            saved = {each["name"]: each["id"] for each in client.call("GET", "/workflows")}
            assert len(saved) == len(EXAMPLES)
            for name, node, least in _RUNS:
                workflow = with_credential(client.call("GET", f"/workflows/{saved[name]}"), own)
                done = client.run(client.call("PATCH", f"/workflows/{workflow['id']}", workflow))
                assert done.status == "success", done.error
                assert len(done.items(node)) >= least
            client.close()
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(60)
    assert process.returncode == 0
    for address in re.findall(r"http://\S+", text):
        with pytest.raises(httpx.TransportError):
            httpx.get(address)
