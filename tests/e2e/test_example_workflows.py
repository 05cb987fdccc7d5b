"""The example workflows of everyday jobs, imported into a real n8n and run twice on a simulated PBX with a history."""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.e2e.browser import open_page, picture
from threecx_node.simulator import Simulator
from tools.lab.n8n_client import Execution
from tools.lab.open_n8n import EXAMPLES, with_credential
from tools.lab.pbx_client import connect
from tools.lab.stage import CREDENTIAL_TYPE, TEST_CLIENT, Stage

# The day before is a day of the workflow's time zone, which may be another one than the PBX's.
PAST_DAYS = 2
FILES = {each.stem: each for each in EXAMPLES}
# Those of the first table in docs/examples.md, which has a picture of each.
EVERYDAY = (
    "onboard-user",
    "offboard-user",
    "close-department-today",
    "call-log-to-csv",
    "download-recordings",
    "sync-contacts",
    "missed-call-message",
    "delete-blocked-numbers",
)
FORM = "n8n-nodes-base.formTrigger"


class Examples:
    """The examples, on a PBX of their own beside the stage's n8n and executor."""

    def __init__(self, stage: Stage, pbx: Simulator) -> None:
        self.client = stage.client
        self.url = stage.n8n.url
        self.pbx = pbx
        data = stage.credential_data(baseUrl=pbx.base_url)
        self.credential = self.client.create_credential("3CX with a history", CREDENTIAL_TYPE, data)

    def put(self, name: str, form: dict[str, str] | None = None) -> dict[str, Any]:
        """Import an example and return it; `form` is what a person enters, by the labels of all fields."""
        workflow = with_credential(json.loads(FILES[name].read_text(encoding="utf-8")), self.credential)
        first = workflow["nodes"][0]
        assert (first["type"] == FORM) == (form is not None)
        if form is not None:
            fields = first["parameters"]["formFields"]["values"]
            assert list(form) == [each["fieldLabel"] for each in fields]
            workflow["pinData"] = {first["name"]: [{"json": form}]}
        for node in workflow["nodes"]:
            if node["type"] == "n8n-nodes-base.wait":
                node["parameters"]["amount"] = 1
        saved: dict[str, Any] = self.client.call("POST", "/workflows", workflow)
        return saved

    def run(self, workflow: dict[str, Any]) -> Execution:
        """Run an example to its end, which must be a good one."""
        done = self.client.run(workflow)
        assert done.status == "success", done.error
        return done

    def find(self, set_name: str, **fields: str) -> dict[str, Any]:
        """Return the one entity of the PBX with these fields."""
        [found] = self.select(set_name, **fields)
        return found

    def select(self, set_name: str, **fields: str) -> list[dict[str, Any]]:
        """Return the entities of the PBX with these fields."""
        entities = [dict(each) for each in self.pbx.state.entities(set_name)]
        return [each for each in entities if fields.items() <= each.items()]


@pytest.fixture(scope="module")
def examples(stage: Stage) -> Iterator[Examples]:
    with Simulator(clients=[TEST_CLIENT], past_days=PAST_DAYS) as pbx:
        yield Examples(stage, pbx)


def one(done: Execution, node: str) -> dict[str, Any]:
    """Return the only item of a node."""
    [item] = done.items(node)
    found: dict[str, Any] = item["json"]
    return found


def test_onboard_and_offboard_a_user(examples: Examples) -> None:
    person = {
        "First name": "Nora",
        "Last name": "Quist",
        "Email": "nora@example.com",
        "Mobile": "+49 170 5550199",
        "Extension": "140",
    }
    workflow = examples.put("onboard-user", person)
    first = examples.run(workflow)
    assert one(first, "Create or update user")["action"] == "created"
    assert one(first, "Send welcome email")["email"] == "nora@example.com"
    nora = examples.find("Users", Number="140")
    assert (nora["FirstName"], nora["LastName"], nora["Mobile"]) == ("Nora", "Quist", "+49 170 5550199")
    assert "140" in one(first, "Add user to ring group")["members"]

    second = examples.run(workflow)
    nodes = ("Create or update user", "Add user to department", "Add user to ring group")
    assert [one(second, each)["action"] for each in nodes] == ["unchanged"] * len(nodes)
    assert "Send welcome email" not in second.run_data

    workflow = examples.put("offboard-user", {"Extension": "140"})
    left = one(examples.run(workflow), "Disable user everywhere")
    assert (left["action"], left["ringGroups"]) == ("updated", ["811"])
    assert examples.find("Users", Number="140")["Enabled"] is False
    assert one(examples.run(workflow), "Disable user everywhere")["ringGroups"] == []


def test_close_a_department_until_tomorrow(examples: Examples) -> None:
    workflow = examples.put("close-department-today", {"Department": "Support"})
    closed = one(examples.run(workflow), "Close department")
    assert (closed["action"], closed["name"], closed["mode"]) == ("updated", "Support", "ForceClosed")
    assert examples.find("Groups", Name="Support")["OverrideExpiresAt"] == closed["until"]
    assert one(examples.run(workflow), "Close department")["action"] == "unchanged"


def test_a_form_is_for_users_of_this_n8n(examples: Examples) -> None:
    workflow = examples.put("close-department-today", {"Department": "Sales"})
    examples.client.publish(workflow)
    path = workflow["nodes"][0]["webhookId"]
    try:
        foreign = httpx.post(f"{examples.url}/form/{path}", files={"field-0": (None, "Sales")})
        assert foreign.status_code == httpx.codes.UNAUTHORIZED
        examples.client.submit_form(path, ["Sales"])
    finally:
        examples.client.unpublish(workflow)
    [execution] = examples.client.executions(workflow)
    assert one(examples.client.wait(execution), "Close department")["name"] == "Sales"


def test_save_the_call_log_as_csv(examples: Examples) -> None:
    workflow = examples.put("call-log-to-csv")
    done = examples.run(workflow)
    [item] = done.items("Convert to CSV")
    file = item["binary"]["data"]
    assert file["fileName"].startswith("calls-")
    assert file["fileName"].endswith(".csv")
    lines = examples.client.binary(file["id"]).decode("utf-8-sig").splitlines()
    assert lines[0].startswith("startedAt,direction,callerNumber,callerName,calledNumber,extension")
    calls = done.items("Get yesterday's calls")
    assert len(calls) > 10
    assert len(lines) == len(calls) + 1
    assert len({each["json"]["startedAt"][:10] for each in calls}) == 1


def test_download_recordings(examples: Examples) -> None:
    done = examples.run(examples.put("download-recordings"))
    found, files = done.items("Get yesterday's recordings"), done.items("Download recording")
    assert len(found) > 1
    assert [each["json"]["Id"] for each in files] == [each["json"]["Id"] for each in found]
    assert examples.client.binary(files[0]["binary"]["data"]["id"]).startswith(b"RIFF")


def test_sync_contacts(examples: Examples) -> None:
    workflow = examples.put("sync-contacts")

    def count() -> dict[str, int]:
        done = examples.run(workflow)
        counts = {
            each["json"]["action"]: each["json"]["count_Id"] for each in done.items("Count the results")
        }
        assert counts == Counter(each["json"]["action"] for each in done.items("Create or update contact"))
        return counts

    assert count() == {"created": 300}
    contact = examples.find("Contacts", Business="+49 30 5550 1007")
    change(examples.pbx, "PATCH", f"Contacts({contact['Id']})", {"CompanyName": "Old Name Ltd"})
    assert count() == {"unchanged": 299, "updated": 1}
    assert len(examples.select("Contacts", CompanyName="Example Ltd")) == 300


def test_delete_blocked_numbers_and_retry_the_failed(examples: Examples) -> None:
    kept = len(examples.pbx.state.entities("BlackListNumbers"))
    blocked = [
        {"CallerId": f"+49305551{number:03}", "Description": "Campaign of spring"} for number in range(20)
    ]
    change(examples.pbx, "POST", "BlackListNumbers", *blocked)
    workflow = examples.put("delete-blocked-numbers")
    # One random number a request: of this seed, the list succeeds, some deletes are refused, and no later request.
    examples.pbx.faults.set("403:15%", seed=88)
    try:
        done = examples.run(workflow)
    finally:
        examples.pbx.faults.set("")
    deleted, failed = (done.items("Delete blocked number", output) for output in (0, 1))
    assert len(deleted) + len(failed) == 20
    assert all("error" in each["json"] for each in failed)
    again = done.items("Delete once more")
    assert len(again) == len(failed) > 0
    assert "Failed twice" not in done.run_data
    assert len(examples.pbx.state.entities("BlackListNumbers")) == kept

    assert done.items("Get blocked numbers") != []
    assert examples.run(workflow).items("Get blocked numbers") == []


@pytest.fixture(scope="module")
def page(stage: Stage) -> Iterator[Page]:
    with open_page(stage) as opened:
        yield opened


# Opening the editor takes seconds: all of them only where pictures are drawn.
@pytest.mark.parametrize("name", EVERYDAY if "THREECX_SCREENSHOTS" in os.environ else EVERYDAY[:1])
def test_the_editor_shows_an_example(examples: Examples, page: Page, name: str) -> None:
    workflow = with_credential(json.loads(FILES[name].read_text(encoding="utf-8")), examples.credential)
    saved = examples.client.call("POST", "/workflows", workflow)
    page.goto(f"{examples.url}/workflow/{saved['id']}")
    notes = [each for each in workflow["nodes"] if each["type"].endswith(".stickyNote")]
    expect(page.get_by_test_id("sticky")).to_have_count(len(notes))
    nodes = page.get_by_test_id(re.compile("^canvas-(default|trigger)-node$"))
    expect(nodes).to_have_count(len(workflow["nodes"]) - len(notes))
    # n8n marks a node that lacks a value.
    expect(page.get_by_test_id("node-issues")).to_have_count(0)
    page.keyboard.press("1")
    picture(page, f"example-{name}")


def change(pbx: Simulator, method: str, path: str, *bodies: dict[str, str]) -> None:
    """Change the PBX as another program would."""
    with connect(pbx.base_url) as http:
        for body in bodies:
            http.request(method, path, json=body).raise_for_status()
