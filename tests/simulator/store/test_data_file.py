"""Data files: acknowledged changes survive every end of the process, also `kill -9` under load."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.cli.conftest import COMMAND, environment, run
from threecx_node.errors import ConfigurationError
from threecx_node.simulator import Simulator


@contextmanager
def client(pbx: Simulator) -> Iterator[httpx.Client]:
    headers = {"authorization": f"Bearer {pbx.token()}"}
    with httpx.Client(base_url=f"{pbx.base_url}/xapi/v1/", headers=headers, timeout=10) as made:
        yield made


def contents(pbx: Simulator) -> dict[str, Any]:
    return {name: pbx.state.entities(name) for name in pbx._pbx.model.sets}


def test_a_restart(tmp_path: Path) -> None:
    data = tmp_path / "office.sqlite"
    with Simulator(data=data) as pbx, client(pbx) as api:
        user = api.post("Users", json={"FirstName": "Zoë"}).json()
        api.delete("CallFlowApps(27)")
        assert api.delete("Contacts(1)").status_code == 204
        assert api.patch("Groups(1)", json={"Language": "DE"}).status_code == 204
        assert api.patch("MyUser", json={"Mobile": "+1"}).status_code == 204
        assert api.patch("GeneralLicenseSettings", json={}).status_code in (204, 404)
        made = api.post("TenantProperties", json={"Name": "5", "Value": "text key"}).json()
        app = pbx.state.entities("CallFlowApps")[0]
        old_tag = api.get(f"CallFlowApps({app['Id']})").headers["etag"]
        before = contents(pbx)
        version = pbx._pbx.store.version
    with Simulator(data=data) as pbx, client(pbx) as api:
        assert contents(pbx) == before
        assert api.get(f"Users({user['Id']})").json()["FirstName"] == "Zoë"
        assert api.get("TenantProperties('5')").json()["Value"] == made["Value"]
        # ETags are valid after a restart, and versions are never reused.
        assert api.get(f"CallFlowApps({app['Id']})").headers["etag"] == old_tag
        assert pbx._pbx.store.version > version
        assert api.post("Users", json={}).json()["Id"] > user["Id"]
        numbers = [each["Number"] for each in pbx.state.entities("Users")]
        assert len(numbers) == len(set(numbers))


def test_a_reset_is_stored_too(tmp_path: Path) -> None:
    data = tmp_path / "office.sqlite"
    with Simulator(data=data) as pbx, client(pbx) as api:
        seeded = contents(pbx)
        api.post("Contacts", json={"FirstName": "Ada"})
        api.delete("Contacts(2)")
        pbx.state.reset()
    with Simulator(data=data) as pbx:
        assert pbx.state.entities("Contacts") == seeded["Contacts"]
        assert [user["Id"] for user in pbx.state.entities("Users")] == [u["Id"] for u in seeded["Users"]]


def test_the_order_of_entities_is_stored(tmp_path: Path) -> None:
    data = tmp_path / "office.sqlite"
    with Simulator(data=data) as pbx, client(pbx) as api:
        for name in ("zeta", "alpha", "mid"):
            api.post("TenantProperties", json={"Name": name, "Value": "1"})
        api.delete("TenantProperties('zeta')")
        api.post("TenantProperties", json={"Name": "zeta", "Value": "2"})
        before = [each["Name"] for each in pbx.state.entities("TenantProperties")]
    assert before[-3:] == ["alpha", "mid", "zeta"]
    with Simulator(data=data) as pbx:
        assert [each["Name"] for each in pbx.state.entities("TenantProperties")] == before


def test_keys_of_service_principals_are_stored(tmp_path: Path) -> None:
    data = tmp_path / "office.sqlite"
    groups = [{"Name": "DEFAULT", "Rights": {"RoleName": "system_owners"}}]
    with Simulator(data=data) as pbx, client(pbx) as api:
        made = api.post("ServicePrincipals", json={"Number": "crm", "Groups": groups}).json()
        secret = api.post(f"ServicePrincipals({made['Id']})/Pbx.GenerateAppToken").json()["value"]
    form = {"grant_type": "client_credentials", "client_id": "crm", "client_secret": secret}
    with Simulator(data=data) as pbx:
        assert httpx.post(f"{pbx.base_url}/connect/token", data=form).status_code == 200


def test_a_stopped_simulator_closes_the_file(tmp_path: Path) -> None:
    data = tmp_path / "office.sqlite"
    first = Simulator(data=data)
    with first, client(first) as api:
        api.delete("Contacts(1)")
        with pytest.raises(ConfigurationError, match="in use by another simulator"):
            Simulator(data=data)
    with pytest.raises(ConfigurationError, match="was stopped"):
        first.state.reset()
    with Simulator(data=data) as second, client(second) as api:
        assert api.post("Contacts", json={"FirstName": "From the second"}).status_code == 201
    with first, client(first) as api:
        assert [each["FirstName"] for each in pbx_contacts(api)][-1] == "From the second"


def pbx_contacts(api: httpx.Client) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = api.get("Contacts").json()["value"]
    return found


def test_release_and_seed_are_stored(tmp_path: Path) -> None:
    data = tmp_path / "small.sqlite"
    with Simulator(data=data, release="20.0.7", seed="empty"):
        pass
    with Simulator(data=data) as pbx:
        assert (pbx.release, pbx.state.count("Users")) == ("20.0.7", 1)
    with pytest.raises(ConfigurationError, match=r"created for release 20\.0\.7, not 20\.0\.10"):
        Simulator(data=data, release="20.0.10")
    with pytest.raises(ConfigurationError, match="created for seed empty, not office"):
        Simulator(data=data, seed="office")


def test_other_files(tmp_path: Path) -> None:
    junk = tmp_path / "junk.sqlite"
    junk.write_bytes(b"no database at all " * 500)
    with pytest.raises(ConfigurationError, match="not a database"):
        Simulator(data=junk)
    assert junk.read_bytes() == b"no database at all " * 500
    foreign = tmp_path / "foreign.sqlite"
    with sqlite3.connect(foreign) as connection:
        connection.execute("CREATE TABLE theirs (x)")
    connection.close()
    with pytest.raises(ConfigurationError, match="not a data file of the simulator"):
        Simulator(data=foreign)
    with pytest.raises(ConfigurationError, match="unable to open"):
        Simulator(data=tmp_path)
    newer = tmp_path / "newer.sqlite"
    with Simulator(data=newer):
        pass
    with sqlite3.connect(newer) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(ConfigurationError, match="has format 99"):
        Simulator(data=newer)


def test_a_damaged_entity(tmp_path: Path) -> None:
    data = tmp_path / "office.sqlite"
    with Simulator(data=data):
        pass
    with sqlite3.connect(data) as connection:
        connection.execute("UPDATE entity SET value = '{' WHERE tab = 'Users'")
    connection.close()
    ran = run("simulator", "--port", "0", "--data", str(data))
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.count("\n") == 1
    assert "is damaged" in ran.err


def test_a_full_disk_is_507_and_changes_nothing(tmp_path: Path) -> None:
    data = tmp_path / "office.sqlite"
    with Simulator(data=data) as pbx, client(pbx) as api:
        store: Any = pbx._pbx.store
        connection = store.file.connection
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages}")
        big = {"FirstName": "x" * 100_000}
        answer = api.post("Contacts", json=big)
        assert answer.status_code == 507
        assert "cannot be written" in answer.json()["error"]["message"]
        assert len(pbx_contacts(api)) == 6
        connection.execute("PRAGMA max_page_count = 1000000")
        assert api.post("Contacts", json=big).status_code == 201
    with Simulator(data=data) as pbx:
        assert pbx.state.count("Contacts") == 7


SERVER = """
import sys
from threecx_node.simulator import run
run(port=0, data=sys.argv[1], seed="empty", on_ready=lambda pbx: print(pbx.base_url, flush=True))
"""


class Writer(threading.Thread):
    """Writes until its server ends, and collects the acknowledged changes."""

    def __init__(self, url: str, token: str, name: str) -> None:
        super().__init__(name=name)
        self.url, self.token = url, token
        self.acknowledged: dict[int, str] = {}
        self.deleted: set[int] = set()
        self.doubtful: set[int] = set()
        self.enough = threading.Event()

    def run(self) -> None:
        headers = {"authorization": f"Bearer {self.token}"}
        key = 0
        with httpx.Client(base_url=f"{self.url}/xapi/v1/", headers=headers, timeout=10) as api:
            try:
                for step in range(100_000):
                    key = 0
                    key_made = api.post("Contacts", json={"FirstName": f"{self.name} {step}"}).json()["Id"]
                    self.acknowledged[key_made] = f"{self.name} {step}"
                    key = key_made
                    if step % 3 == 1:
                        answer = api.patch(f"Contacts({key})", json={"FirstName": f"{self.name} {step}!"})
                        assert answer.status_code == 204
                        self.acknowledged[key] += "!"
                    elif step % 3 == 2:
                        assert api.delete(f"Contacts({key})").status_code == 204
                        self.deleted.add(key)
                    if step == 12:
                        self.enough.set()
            except httpx.TransportError:
                # The last change, which was not acknowledged, may have been stored or not.
                self.doubtful.add(key)


@pytest.mark.slow
def test_kill_9_loses_no_acknowledged_change(tmp_path: Path) -> None:
    data = tmp_path / "office.sqlite"
    alive: dict[int, str] = {}
    gone: set[int] = set()
    doubtful: set[int] = set()
    for round_ in range(6):
        process = subprocess.Popen(
            [sys.executable, "-c", SERVER, str(data)], env=environment(), stdout=subprocess.PIPE, text=True
        )
        try:
            assert process.stdout is not None
            url = process.stdout.readline().strip()
            login = {
                "grant_type": "client_credentials",
                "client_id": "900",
                "client_secret": "simulator-secret",
            }
            token = httpx.post(f"{url}/connect/token", data=login).json()["access_token"]
            check(url, token, alive, gone, doubtful)
            writers = [Writer(url, token, f"round {round_} writer {number}") for number in range(4)]
            for writer in writers:
                writer.start()
            for writer in writers:
                assert writer.enough.wait(30)
        finally:
            os.kill(process.pid, signal.SIGKILL)
            process.communicate()
        for writer in writers:
            writer.join(30)
            assert not writer.is_alive()
            alive |= {key: name for key, name in writer.acknowledged.items() if key not in writer.deleted}
            gone |= writer.deleted
            doubtful |= writer.doubtful
    assert len(alive) >= 6 * 4 * 8
    with Simulator(data=data) as pbx:
        check(pbx.base_url, pbx.token(), alive, gone, doubtful)


def check(url: str, token: str, alive: dict[int, str], gone: set[int], doubtful: set[int]) -> None:
    found: dict[int, str] = {}
    headers = {"authorization": f"Bearer {token}"}
    with httpx.Client(base_url=f"{url}/xapi/v1/", headers=headers) as api:
        while page := api.get(f"Contacts?$top=100&$skip={len(found)}").json()["value"]:
            found |= {each["Id"]: each["FirstName"] for each in page}
    assert not gone & found.keys()
    for key, name in alive.items():
        if key not in doubtful:
            assert found.get(key) == name


def test_the_command_line(tmp_path: Path) -> None:
    """Check that the option is passed on, and that Ctrl-C leaves a valid file."""
    data = tmp_path / "office.sqlite"
    process = subprocess.Popen(
        [*COMMAND, "simulator", "--port", "0", "--data", str(data)],
        env=environment(),
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    assert "listens on" in process.stderr.readline()
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=10)
    assert process.returncode == 0
    assert not list(tmp_path.glob("*-wal"))
    with Simulator(data=data) as pbx:
        assert pbx.state.count("Users") == 25
