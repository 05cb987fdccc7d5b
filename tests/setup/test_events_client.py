"""The client of events: created, adapted, refused, and left in the middle."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.support import FakePbx, odata_error
from threecx_credentials import Credential, Secret
from threecx_node.errors import ConfigurationError, ResponseError, SetupError, UnknownNameError, UsageError
from threecx_node.execution.executor import Executor
from threecx_node.setup.events_client import (
    EventsClient,
    EventsClientRequest,
    KeyKeeper,
    set_up_events_client,
)
from threecx_node.setup.monitored import choose_number, parse_extensions
from threecx_node.simulator import Simulator


class Office:
    """A PBX with extensions 100 to 102, the batch client 900, and answers that a test can replace."""

    def __init__(self) -> None:
        self.principals: dict[int, dict[str, Any]] = {
            1: {"Id": 1, "Number": "900", "XAPIEnabled": True, "CallControlEnabled": False, "Peers": []}
        }
        self.failing: dict[str, httpx.Response | Exception] = {}
        self.leaves_out_peers = 0
        self.keys = 0
        self.fake = FakePbx(self._answer)

    @property
    def changes(self) -> list[str]:
        return [each for each in self.fake.targets if not each.startswith("GET")]

    def _answer(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path.removeprefix("/xapi/v1")
        name = f"{request.method} {re.sub(r'[0-9]+', 'N', path)}"
        failure = self.failing.get(name)
        if isinstance(failure, Exception):
            raise failure
        if failure is not None:
            return failure
        if path == "/Peers":
            peers = [
                {"Id": 10 + i, "Number": str(100 + i), "Name": f"P{i}", "Type": "Extension"} for i in range(3)
            ]
            peers += [{"Id": 30, "Number": "800", "Name": "Sales", "Type": "Queue"}]
            peers += [
                {"Id": key, "Number": each["Number"], "Name": "", "Type": "Extension"}
                for key, each in self.principals.items()
            ]
            return httpx.Response(200, json={"value": peers})
        if path == "/ServicePrincipals" and request.method == "GET":
            return httpx.Response(200, json={"value": list(self.principals.values())})
        if path.endswith("GenerateAppToken"):
            self.keys += 1
            return httpx.Response(200, json={"value": f"key-{self.keys}"})
        body = json.loads(request.content or b"{}")
        if "Peers" in body and self.leaves_out_peers:
            self.leaves_out_peers -= 1
            del body["Peers"]
        if request.method == "POST":
            key = len(self.principals) + 1
            self.principals[key] = {"Id": key, "Peers": [], **body}
            return httpx.Response(201, json=self.principals[key])
        key = int(path.partition("(")[2].rstrip(")"))
        if request.method == "PATCH":
            self.principals[key] |= body
            return httpx.Response(204)
        return httpx.Response(200, json=self.principals[key])

    def set_up(self, extensions: str, keeper: KeyKeeper | None = None, **options: Any) -> EventsClient:
        async def main() -> EventsClient:
            async with self.executor() as executor:
                return await set_up_events_client(executor, request, keeper)

        request = EventsClientRequest(extensions=parse_extensions(extensions), **options)
        return asyncio.run(main())

    def executor(self) -> Executor:
        return Executor(
            Credential.of("https://pbx.example", "900", "s3cr3t-key"),
            transport=httpx.MockTransport(self.fake),
        )


class Drawer:
    """Keeps a key, or fails to."""

    option = "--profile events"

    def __init__(self, *, client_id: str | None = None, failure: ConfigurationError | None = None) -> None:
        self.client_id = client_id
        self.prepared: list[str] = []
        self.keys: list[str] = []
        self._failure = failure

    def prepare(self, client_id: str) -> None:
        self.prepared.append(client_id)

    def save(self, key: Secret) -> str:
        if self._failure is not None:
            raise self._failure
        self.keys.append(key.reveal())
        return "wrote the profile"


@pytest.fixture
def office() -> Office:
    return Office()


def test_a_client_is_created(office: Office) -> None:
    client = office.set_up("100,102")
    assert (client.number, client.created, client.extensions) == ("901", True, ("100", "102"))
    assert client.key is not None
    assert client.key.reveal() == "key-1"
    stored = office.principals[2]
    assert (stored["CallControlEnabled"], stored["XAPIEnabled"]) == (True, False)
    assert [each["Number"] for each in stored["Peers"]] == ["100", "102"]
    assert client.steps == [
        "created client 901 with Call Control, monitoring 2 extensions: 100, 102",
        "generated its API key",
    ]
    assert client.to_json()["clientSecret"] == "key-1"


def test_all_extensions_are_those_of_people(office: Office) -> None:
    assert office.set_up("all").extensions == ("100", "101", "102")
    # A queue is monitored where it is named.
    assert office.set_up("800,100").extensions == ("800", "100")


def test_the_same_again_changes_nothing(office: Office) -> None:
    office.set_up("100,102")
    before = list(office.changes)
    again = office.set_up("102,100")
    assert (again.number, again.created, again.key) == ("901", False, None)
    assert "exists" in again.steps[0]
    assert "nothing was changed" in again.steps[1]
    assert office.changes == before


def test_only_what_differs_is_changed(office: Office) -> None:
    office.set_up("100,102")
    count = len(office.changes)
    client = office.set_up("100,101", number="901")
    assert office.changes[count:] == ["PATCH /ServicePrincipals(2)"]
    assert json.loads(office.fake.requests[-2].content).keys() == {"Peers"}
    assert client.steps[1] == "changed it: add 101, remove 102"
    assert client.key is None
    assert office.keys == 1


def test_a_new_key_is_generated_only_on_request(office: Office) -> None:
    office.set_up("100")
    client = office.set_up("100", number="901", new_key=True)
    assert client.key is not None
    assert client.key.reveal() == "key-2"


def test_call_control_is_enabled_where_it_was_not(office: Office) -> None:
    office.set_up("100")
    office.principals[2]["CallControlEnabled"] = False
    assert "enable Call Control" in office.set_up("100", number="901").steps[1]
    assert office.principals[2]["CallControlEnabled"] is True


@pytest.mark.parametrize(
    ("number", "says"),
    [
        ("900", "client 900 is in use by this command"),
        ("905", "client 905 is in use by the profile office"),
        ("101", "101 is in use by another DN: Extension (P1)"),
        ("950", "client 950 is for the Configuration API"),
        ("a b", "cannot be the number of a client"),
    ],
)
def test_a_number_that_is_refused(office: Office, number: str, says: str) -> None:
    office.principals[7] = {"Id": 7, "Number": "950", "XAPIEnabled": True, "CallControlEnabled": False}
    with pytest.raises(UsageError, match=re.escape(says)):
        office.set_up("100", number=number, reserved={"905": "the profile office"})
    assert office.changes == []


def test_the_client_of_a_profile_of_events(office: Office) -> None:
    office.set_up("100")
    reserved = {"901": "the profile events"}
    # Its extensions may change, but its key belongs to the profile.
    changed = office.set_up("101", number="901", reserved=reserved)
    assert changed.steps[1] == "changed it: add 101, remove 100"
    count = len(office.changes)
    for options in ({"new_key": True}, {"keeper": Drawer()}):
        with pytest.raises(ConfigurationError, match="in use by the profile events") as error:
            office.set_up("102", number="901", reserved=reserved, **options)
        assert "--profile" in error.value.description
    assert len(office.changes) == count
    # The same extensions are those of the same client, unless a key is wanted that another program does not have.
    assert office.set_up("101", reserved=reserved).number == "901"
    assert office.set_up("101", Drawer(), reserved=reserved).number == "902"


@pytest.mark.parametrize("extensions", ["100,999", "998,999", "0", "10 0", "all@", "100;101", "Ωμέγα"])
def test_an_unknown_extension_changes_nothing(office: Office, extensions: str) -> None:
    with pytest.raises(UnknownNameError, match=r"the PBX has no extension.*nothing was changed") as error:
        office.set_up(extensions)
    assert "\n" not in error.value.one_line()
    assert office.changes == []


@pytest.mark.parametrize("extensions", ["", " , ,", "all,100"])
def test_extensions_that_are_not_named(extensions: str) -> None:
    with pytest.raises(UsageError):
        parse_extensions(extensions)


def test_a_dry_run_only_reads(office: Office) -> None:
    client = office.set_up("100", dry_run=True)
    assert client.steps == [
        "would create client 901 with Call Control, monitoring 1 extension: 100",
        "would generate its API key",
    ]
    office.set_up("100")
    before = list(office.changes)
    changed = office.set_up("101", number="901", new_key=True, dry_run=True)
    assert "would change it: add 101, remove 100" in changed.steps
    assert office.changes == before


def test_a_refused_creation_is_the_error_of_the_pbx(office: Office) -> None:
    office.failing["POST /ServicePrincipals"] = odata_error(403, "Forbidden")
    with pytest.raises(ResponseError) as error:
        office.set_up("100")
    assert error.value.http_code == 403
    assert "role" in error.value.description


def test_a_key_that_cannot_be_generated(office: Office) -> None:
    office.failing["POST /ServicePrincipals(N)/Pbx.GenerateAppToken"] = odata_error(500, "Boom")
    with pytest.raises(SetupError) as error:
        office.set_up("100,101")
    assert error.value.message.startswith("created client 901")
    assert "3CX did not generate its API key" in error.value.message
    again = "threecx setup-events --number 901 --extensions 100,101 --new-key"
    assert again in error.value.description
    office.failing.clear()
    assert office.set_up("100,101", number="901", new_key=True).key is not None


def test_a_creation_of_unknown_outcome(office: Office) -> None:
    office.failing["POST /ServicePrincipals"] = httpx.ReadTimeout("late")
    with pytest.raises(SetupError) as error:
        office.set_up("100")
    assert error.value.outcome_unknown
    assert "it is not known whether 3CX did create client 901" in error.value.message
    assert office.changes == ["POST /ServicePrincipals"]


def test_a_key_that_cannot_be_stored(office: Office) -> None:
    drawer = Drawer(failure=ConfigurationError("the disk is full", description="Make room."))
    with pytest.raises(SetupError) as error:
        office.set_up("100", drawer)
    assert "created client 901" in error.value.message
    assert "generated its API key; the API key could not be stored: the disk is full" in error.value.message
    assert "--new-key --profile events" in error.value.description
    assert "key-1" not in error.value.one_line()


def test_a_kept_key_is_not_shown(office: Office) -> None:
    drawer = Drawer()
    client = office.set_up("100", drawer)
    assert (drawer.prepared, drawer.keys, client.key) == (["901"], ["key-1"], None)
    assert client.steps[-1] == "wrote the profile"
    assert "clientSecret" not in client.to_json()


def test_the_key_of_an_existing_client_cannot_be_kept(office: Office) -> None:
    office.set_up("100")
    drawer = Drawer()
    assert "so the profile was not written" in office.set_up("100", drawer).steps[-1]
    assert drawer.keys == []


def test_extensions_that_the_creation_leaves_out_are_sent_again(office: Office) -> None:
    office.leaves_out_peers = 1
    client = office.set_up("100,101")
    assert office.changes[:2] == ["POST /ServicePrincipals", "PATCH /ServicePrincipals(2)"]
    assert client.incomplete == ""
    office.leaves_out_peers = 2
    assert "did not take over the extensions 102" in office.set_up("102").incomplete


def test_numbers() -> None:
    peers = [{"Number": "1000", "Type": "Extension"}]
    assert choose_number("900", {"900", "901"}, peers) == "902"
    assert choose_number("robot", set(), peers) == "9000"
    with pytest.raises(ConfigurationError):
        choose_number("9", {"9"}, peers)


@pytest.fixture
def pbx() -> Iterator[Simulator]:
    with Simulator() as simulator:
        yield simulator


def test_the_simulated_pbx(pbx: Simulator) -> None:
    async def main(**options: Any) -> EventsClient:
        credential = Credential.of(pbx.base_url, pbx.client_id, pbx.client_secret)
        async with Executor(credential) as executor:
            return await set_up_events_client(executor, EventsClientRequest(**options))

    client = asyncio.run(main(extensions=("100", "101")))
    assert client.created
    assert client.incomplete == ""
    again = asyncio.run(main(extensions=None, number=client.number))
    assert again.steps[1].startswith("changed it: add 102, 103")
    assert client.id is not None
    principal = pbx.state.get("ServicePrincipals", client.id)
    assert principal is not None
    assert {each["Number"] for each in principal["Peers"]} == set(again.extensions)
