"""`make n8n`, as a person types it: it ends with a line that lets one in, and Ctrl-C ends all of it."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from urllib.parse import urlsplit

import httpx
import pytest

from tests.support import ROOT
from tools.lab.n8n_client import N8nClient


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
            first, credential, last = (process.stdout.readline() for _ in range(3))
            assert "client ID 900   API key simulator-secret" in credential
            found = re.fullmatch(r"n8n: (\S+)   login: (\S+)   password: (\S+)\n", last)
            assert found, f"{first}{last}"
            address, login, password = found.groups()
            parts = urlsplit(address)
            url = f"{parts.scheme}://{parts.netloc}"
            client = N8nClient(url)
            client.call("POST", "/login", {"emailOrLdapLoginId": login, "password": password})
            workflow = client.call("GET", f"/workflows/{parts.path.rpartition('/')[2]}")
            assert client.run(workflow).status == "success"
            client.close()
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(60)
    assert process.returncode == 0
    for address in re.findall(r"http://\S+", f"{first}{last}"):
        with pytest.raises(httpx.TransportError):
            httpx.get(address)
