"""The server: start, stop, limits, many clients, broken clients."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from threecx_node.errors import ConfigurationError, UnknownNameError
from threecx_node.simulator import Simulator

ROOT = Path(__file__).parents[2]
PYTHON_PATH = os.pathsep.join(str(ROOT / name) for name in ("nodes", "credentials"))


def connect(pbx: Simulator) -> socket.socket:
    return socket.create_connection(("127.0.0.1", pbx.ports[0]), timeout=5)


def receive(connection: socket.socket) -> bytes:
    received = b""
    try:
        while chunk := connection.recv(65536):
            received += chunk
    except ConnectionResetError:
        pass
    return received


def test_starts_and_stops_quickly_and_often() -> None:
    Simulator()  # the first one also imports the modules
    ports, took = set(), []
    for _ in range(5):
        begin = time.monotonic()
        with Simulator() as pbx:
            assert httpx.get(f"{pbx.base_url}/nothing").status_code == 404
            ports.add(pbx.ports[0])
        took.append(time.monotonic() - begin)
        with pytest.raises(OSError, match=r"refused|closed|Connection"):
            socket.create_connection(("127.0.0.1", next(iter(ports))), timeout=1).close()
    assert all(port > 0 for port in ports)
    # The best of several, because other processes affect the time.
    assert min(took) < 1


def test_a_restart_keeps_the_state() -> None:
    pbx = Simulator()
    for expected in (204, 404):
        with pbx, httpx.Client(base_url=f"{pbx.base_url}/xapi/v1") as client:
            client.headers["authorization"] = f"Bearer {pbx.token()}"
            assert client.delete("/Contacts(1)").status_code == expected
    pbx.stop()


def test_two_at_once() -> None:
    with Simulator() as one, Simulator(seed="empty") as other:
        assert one.base_url != other.base_url
        assert (one.state.count("Users"), other.state.count("Users")) == (25, 1)
        answer = httpx.get(
            f"{other.base_url}/xapi/v1/Users", headers={"authorization": f"Bearer {one.token()}"}
        )
        assert answer.status_code == 401


def test_several_ports() -> None:
    with Simulator(port=[0, 0]) as pbx:
        assert len(set(pbx.ports)) == 2
        for url in pbx.base_urls:
            headers = {"authorization": f"Bearer {pbx.token()}"}
            assert httpx.get(f"{url}/xapi/v1/Defs?$select=Id", headers=headers).json()["Id"] == 1


def test_nagle_is_off(api: httpx.Client) -> None:
    """Check that Nagle's algorithm is off; with it, each response on an open connection takes 40 ms longer."""
    times = []
    for _ in range(21):
        begin = time.monotonic()
        assert api.get("Defs?$select=Id").status_code == 200
        times.append(time.monotonic() - begin)
    assert sorted(times)[10] < 0.03


def test_invalid_options() -> None:
    with pytest.raises(UnknownNameError, match=r"does not contain release '20\.0\.3'"):
        Simulator(release="20.0.3")
    with pytest.raises(ConfigurationError, match="the seed 'huge' does not exist"):
        Simulator(seed="huge")
    with pytest.raises(ConfigurationError, match="secret"):
        Simulator(client_secret="")
    with pytest.raises(ConfigurationError, match="greater than 0"):
        Simulator(token_lifetime=0)
    with pytest.raises(ConfigurationError, match="latency"):
        Simulator(latency_ms=-1)
    with pytest.raises(ConfigurationError, match="port"):
        Simulator(port=[]).start()
    with pytest.raises(ConfigurationError, match="port 70000"):
        Simulator(port=70000).start()
    with pytest.raises(ConfigurationError, match="not running"):
        _ = Simulator().base_url
    with Simulator() as pbx:
        with pytest.raises(ConfigurationError, match="already running"):
            pbx.start()
        with pytest.raises(ConfigurationError, match=f"cannot listen on 127.0.0.1 port {pbx.ports[0]}"):
            Simulator(port=pbx.ports[0]).start()


def test_latency(pbx: Simulator, api: httpx.Client) -> None:
    pbx.faults.latency_ms = 300
    begin = time.monotonic()
    assert api.get("Defs?$select=Id").status_code == 200
    assert 0.3 <= time.monotonic() - begin < 2


def test_many_clients_at_once(pbx: Simulator) -> None:
    token = pbx.token()

    def work(index: int) -> list[int]:
        with httpx.Client(
            base_url=f"{pbx.base_url}/xapi/v1", headers={"authorization": f"Bearer {token}"}
        ) as client:
            made = client.post("/Users", json={"FirstName": f"Worker {index}"}).json()
            path = f"/Users({made['Id']})"
            statuses = [client.patch(path, json={"LastName": str(step)}).status_code for step in range(5)]
            statuses += [client.get(path).status_code, client.get("/Users?$filter=Enabled").status_code]
            return [int(made["Number"]), made["Id"], *statuses]

    with ThreadPoolExecutor(16) as threads:
        results = list(threads.map(work, range(48)))
    assert len({result[0] for result in results}) == 48
    assert len({result[1] for result in results}) == 48
    assert {tuple(result[2:]) for result in results} == {(204,) * 5 + (200, 200)}
    assert pbx.state.count("Users") == 25 + 48


def test_state_during_writes(pbx: Simulator) -> None:
    token = pbx.token()
    with (
        ThreadPoolExecutor(4) as threads,
        httpx.Client(
            base_url=f"{pbx.base_url}/xapi/v1", headers={"authorization": f"Bearer {token}"}
        ) as client,
    ):
        writes = [
            threads.submit(client.post, "/Contacts", json={"FirstName": str(index)}) for index in range(60)
        ]
        while not all(write.done() for write in writes):
            for contact in pbx.state.entities("Contacts"):
                assert contact["FirstName"]
        assert {write.result().status_code for write in writes} == {201}
    assert pbx.state.count("Contacts") == 66


def test_recorded_requests(pbx: Simulator, api: httpx.Client) -> None:
    api.patch("MyUser", json={"FirstName": "Ada"})
    api.post("Contacts", json={"FirstName": "x" * 100_000})
    first, second = pbx.requests
    assert (first.method, first.path, first.status, first.json()) == (
        "PATCH",
        "/xapi/v1/MyUser",
        204,
        {"FirstName": "Ada"},
    )
    assert (second.status, len(second.body)) == (201, 64 * 1024)
    pbx.forget_requests()
    for _ in range(2_100):
        api.get("Defs?$select=Id")
    assert len(pbx.requests) == 2_000


def test_bodies_over_10_mb(pbx: Simulator, api: httpx.Client) -> None:
    before = pbx.state.count("Contacts")
    body = b'{"FirstName": "' + b"x" * (10 * 1024 * 1024) + b'"}'
    headers = {"content-type": "application/json"}
    answer = api.post("Contacts", content=body, headers=headers)
    assert answer.status_code == 413
    assert "larger than 10485760 bytes" in answer.json()["error"]["message"]
    # Without a length, in chunks.
    answer = api.post("Contacts", content=iter([body[:4_000_000]] * 3), headers=headers)
    assert answer.status_code == 413
    form = httpx.post(f"{pbx.base_url}/connect/token", content=body)
    assert (form.status_code, form.json()["error"]) == (413, "invalid_request")
    assert pbx.state.count("Contacts") == before
    within = b'{"FirstName": "' + b"x" * (9 * 1024 * 1024) + b'"}'
    assert api.post("Contacts", content=within, headers=headers).status_code == 201


def test_a_body_of_a_terabyte(pbx: Simulator) -> None:
    with connect(pbx) as connection:
        connection.sendall(
            b"POST /xapi/v1/Users HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000000\r\n\r\n{"
        )
        assert b" 413 " in connection.recv(65536).split(b"\r\n")[0]


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(64),
        b"GET\r\n\r\n",
        b"GET /xapi/v1/Users HTTP/9.9\r\n\r\n",
        b"GET http://elsewhere.example/xapi/v1/Users HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"GET /xapi/v1/Users HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 300_000 + b"\r\n\r\n",
        b"POST /connect/token HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
        b"POST /connect/token HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"",
    ],
)
def test_garbage(pbx: Simulator, api: httpx.Client, sent: bytes) -> None:
    before = pbx.state.entities("Users")
    with connect(pbx) as connection:
        try:
            connection.sendall(sent)
            connection.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # the server has closed the connection already
        received = receive(connection)
    assert received == b"" or received.startswith(b"HTTP/1.1 4"), received[:200]
    assert api.get("Defs?$select=Id").status_code == 200
    assert pbx.state.entities("Users") == before


def test_a_client_that_disconnects_in_its_body(pbx: Simulator, api: httpx.Client) -> None:
    token = api.headers["authorization"].encode()
    for _ in range(20):
        with connect(pbx) as connection:
            connection.sendall(
                b"POST /xapi/v1/Contacts HTTP/1.1\r\nHost: x\r\nAuthorization: " + token
                + b'\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"FirstName"'
            )  # fmt: skip
    assert api.get("Contacts?$count=true&$top=0").json()["@odata.count"] == 6


def test_a_slow_client_blocks_no_other(pbx: Simulator, api: httpx.Client) -> None:
    with connect(pbx) as connection:
        connection.sendall(b"GET /xapi/v1/Users HTTP/1.1\r\nHost: x\r\n")
        begin = time.monotonic()
        assert api.get("Defs?$select=Id").status_code == 200
        assert time.monotonic() - begin < 1


@pytest.mark.parametrize("host", [b'evil.example/"x', b"a" * 400, b"x y"])
def test_an_invalid_host_is_not_repeated(pbx: Simulator, host: bytes) -> None:
    with connect(pbx) as connection:
        connection.sendall(
            b"GET /xapi/v1/Defs HTTP/1.1\r\nHost: " + host + b"\r\nConnection: close\r\n"
            b"Authorization: Bearer " + pbx.token().encode() + b"\r\n\r\n"
        )  # fmt: skip
        received = receive(connection)
    assert host not in received


def test_deeply_nested_bodies(api: httpx.Client) -> None:
    nested = b'{"Trunk":' * 300 + b"{}" + b"}" * 300
    answer = api.post("CallFlowApps", content=nested, headers={"content-type": "application/json"})
    assert answer.status_code == 400


def test_stops_although_a_connection_is_open() -> None:
    pbx = Simulator()
    pbx.start()
    with connect(pbx) as connection:
        connection.sendall(b"GET /xapi/v1/Users HTTP/1.1\r\nHost: x\r\n")
        begin = time.monotonic()
        pbx.stop()
        assert time.monotonic() - begin < 3


def test_run_serves_until_a_signal() -> None:
    code = (
        "from threecx_node.simulator import run\n"
        "run(port=0, release='20.0.8', seed='empty', on_ready=lambda pbx: print(pbx.base_url, flush=True))\n"
        "print('ended', flush=True)\n"
    )
    for number in (signal.SIGINT, signal.SIGTERM):
        process = subprocess.Popen(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONPATH": PYTHON_PATH},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        assert httpx.get(f"{url}/xapi/v1/Users").status_code == 401
        process.send_signal(number)
        output, errors = process.communicate(timeout=10)
        assert (process.returncode, output, errors) == (0, "ended\n", "")
