"""Jobs of everyday work, done by hand in a real n8n: clicks and plain values, without OData, JSON and code.

docs/jobs.md shows the jobs with the number of their steps; the numbers are compared with those counted here.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.browser import open_page
from tests.e2e.builder import Builder
from tests.e2e.trigger_desk import CALLER, Desk, wait_for
from threecx_node.simulator import Simulator
from tools.lab.pbx_client import connect, create
from tools.lab.stage import CLIENT_ID, CLIENT_SECRET, CREDENTIAL_TYPE, TEST_CLIENT, Stage

CREDENTIAL = "3CX Office"
# The columns of a table of customers, and the fields of a contact as n8n displays them.
CONTACT_FIELDS = {
    "first": "First Name",
    "last": "Last Name",
    "company": "Company Name",
    "phone": "Phone Number",
}


@pytest.fixture(scope="module")
def pbx() -> Iterator[Simulator]:
    # Two: yesterday in n8n's time zone, New York's, is the day before the simulator's for some hours of each day.
    with Simulator(clients=[TEST_CLIENT], past_days=2) as running:
        yield running


@pytest.fixture(scope="module")
def page(stage: Stage) -> Iterator[Page]:
    with open_page(stage) as opened:
        yield opened


@pytest.fixture(scope="module")
def credential(stage: Stage, pbx: Simulator) -> dict[str, str]:
    data = stage.credential_data(baseUrl=pbx.base_url)
    return stage.client.create_credential(CREDENTIAL, CREDENTIAL_TYPE, data)


@pytest.fixture
def builder(page: Page, stage: Stage, credential: dict[str, str]) -> Builder:
    return Builder(page, stage.n8n.url, credential["name"])


def read(pbx: Simulator, path: str) -> Any:
    """Return what the PBX has, as another program reads it."""
    with connect(pbx.base_url) as http:
        return http.get(path).raise_for_status().json()


def last_items(page: Page, stage: Stage, node: str, output: int = 0) -> list[dict[str, Any]]:
    """Return the items of a node in the last execution of the workflow that is open."""
    last = stage.client.executions(opened_workflow(page))[-1]
    return [each["json"] for each in stage.client.wait(last).items(node, output)]


def opened_workflow(page: Page) -> dict[str, str]:
    """Return the workflow that is open, by its ID in the address."""
    return {"id": page.url.split("/workflow/")[1].partition("?")[0].partition("/")[0]}


def test_onboard_a_user(builder: Builder, pbx: Simulator) -> None:
    builder.start()
    builder.add_node("extension", "Create user")
    builder.write("Number", "150")
    builder.write("FirstName", "Grace")
    builder.write("LastName", "Hopper")
    builder.write("EmailAddress", "grace@example.com")
    builder.choose_from_list("PrimaryGroupId", "Sales")
    output = builder.execute()
    expect(output).to_contain_text("Grace Hopper")
    builder.show("job-onboard")
    [user] = read(pbx, "Users?$filter=Number eq '150'&$expand=Groups")["value"]
    assert (user["FirstName"], user["EmailAddress"]) == ("Grace", "grace@example.com")
    assert "Sales" in [each["Name"] for each in user["Groups"]]
    builder.compare_steps("Onboard a user")


def test_offboard_a_user(builder: Builder, pbx: Simulator) -> None:
    builder.start()
    builder.add_node("extension", "Disable user everywhere")
    builder.choose_from_list("user", "(104)")
    output = builder.execute()
    expect(output).to_contain_text("updated")
    builder.show("job-offboard")
    [user] = read(pbx, "Users?$filter=Number eq '104'")["value"]
    assert not user["Enabled"]
    builder.compare_steps("Offboard a user")


def test_call_log_of_yesterday(builder: Builder) -> None:
    builder.start()
    builder.add_node("call log", "Get many calls from call log")
    # The list of extensions comes from the PBX.
    extensions = builder.field("extension")
    expect(extensions.locator("input").first).not_to_have_attribute("placeholder", re.compile("Error"))
    builder.choose("period", "Yesterday")
    output = builder.execute()
    expect(output).to_contain_text("inbound")
    expect(output).to_contain_text(re.compile(r"\d+ items"))
    builder.show("job-call-log")
    builder.compare_steps("Call log of yesterday")


def test_make_a_call(builder: Builder, pbx: Simulator) -> None:
    builder.start()
    builder.add_node("telephone", "Make call")
    builder.choose_from_list("fromExtension", "Carla Rossi (103)")
    builder.write("to", "+4930123456")
    output = builder.execute()
    expect(output).to_contain_text("Dialing")
    builder.show("job-make-call")
    [made] = [each for each in pbx.requests if each.method == "POST" and "/callcontrol/103/" in each.path]
    assert made.json()["destination"] == "+4930123456"
    builder.compare_steps("Make a call")


def test_close_a_department_today(builder: Builder, pbx: Simulator) -> None:
    builder.start()
    builder.add_node("office hours", "Close department")
    builder.choose_from_list("department", "Sales")
    builder.write("until", f"{datetime.now(tz=UTC):%Y-%m-%d} 23:59:59")
    builder.page.keyboard.press("Enter")
    output = builder.execute()
    expect(output).to_contain_text("updated")
    builder.show("job-close-department")
    [department] = read(pbx, "Groups?$filter=Name eq 'Sales'")["value"]
    assert department["CurrentGroupHours"] == "ForceClosed"
    builder.compare_steps("Close a department today")


def test_create_the_credential(page: Page, stage: Stage, pbx: Simulator) -> None:
    builder = Builder(page, stage.n8n.url, "")
    builder.start()
    builder.add_node("3CX", "Get many users")
    builder.click(page.get_by_test_id("node-credentials-select"))
    builder.click(page.get_by_text("Create new credential").first)
    builder.write("baseUrl", pbx.base_url)
    builder.write("clientId", CLIENT_ID)
    builder.write("apiKey", CLIENT_SECRET)
    builder.write("executorUrl", stage.executor.url)
    builder.show("job-credential")
    builder.click(page.get_by_test_id("credential-save-button"))
    # n8n closes the dialog after a good test.
    expect(page.get_by_test_id("credential-save-button")).to_be_hidden()
    output = builder.execute()
    expect(output).to_contain_text("Olivia Marlow")
    builder.compare_steps("Create the credential")


def test_download_recordings(builder: Builder) -> None:
    builder.start()
    builder.add_node("recording", "Get many recordings")
    builder.choose("period", "Yesterday")
    # n8n knows the fields of the output before the node has run.
    builder.add_next("recording", "Download recording")
    builder.drag("Id", "recId")
    output = builder.execute()
    listen = output.get_by_test_id("ndv-view-binary-data").first
    expect(listen).to_be_visible()
    builder.show("job-recordings")
    builder.compare_steps("Download recordings")

    listen.click()
    player = builder.page.locator("audio, video").first
    expect(player).to_be_visible()
    # The browser has read the file, and can play it.
    expect(player).to_have_js_property("readyState", 4)


def test_sync_300_contacts(builder: Builder, pbx: Simulator, stage: Stage) -> None:
    rows = [
        {
            "first": f"Ada {row}",
            "last": "Sync",
            "company": "Example Ltd",
            "phone": f"+49 30 5550 {1000 + row}",
        }
        for row in range(300)
    ]
    # n8n 2.41 lists its tables in a workflow that is not saved only if it has any other workflow.
    stage.client.create_workflow("Another workflow", [])
    create_table(stage, "Customers", rows)
    # A hundred new rows, a hundred of which the company has changed, in another notation, and a hundred as they are.
    changed = {"company": "Old Name Ltd"}
    known = [
        *(
            each | changed | {"phone": each["phone"].replace("+", "00").replace(" ", "")}
            for each in rows[100:200]
        ),
        *rows[200:],
    ]
    create(
        pbx.base_url,
        "Contacts",
        *({CONTACT_FIELDS[name].replace(" ", ""): value for name, value in each.items()} for each in known),
    )
    builder.start()
    builder.click(builder.page.get_by_test_id("canvas-add-button"))
    builder.search("data table")
    builder.click(builder.page.get_by_text("Data table", exact=True).first)
    builder.click(builder.page.get_by_text("Get row(s)", exact=True).first)
    builder.choose_from_list("dataTableId", "Customers")
    builder.turn_on("returnAll")
    expect(builder.execute()).to_contain_text("300 items")
    builder.add_next("contact", "Create or update contact")
    matched = builder.page.get_by_test_id("matching-column-select")
    expect(matched.get_by_text("Phone Number", exact=True)).to_be_visible()
    for column, name in CONTACT_FIELDS.items():
        builder.drag(column, name)
    output = builder.execute()
    expect(output).to_contain_text("created")
    builder.compare_steps("Sync 300 contacts")
    output.get_by_test_id("radio-button-table").click()
    builder.show("job-contacts")

    def count() -> dict[str, int]:
        done = last_items(builder.page, stage, "Create or update contact")
        return Counter(each["action"] for each in done)

    assert count() == {"created": 100, "updated": 100, "unchanged": 100}
    found = [dict(each) for each in pbx.state.entities("Contacts")]
    assert Counter(each["CompanyName"] for each in found if each["LastName"] == "Sync") == {
        "Example Ltd": 300
    }
    builder.execute()
    # The first page had new rows alone.
    expect(output).to_contain_text("unchanged")
    assert count() == {"unchanged": 300}


def create_table(stage: Stage, name: str, rows: list[dict[str, str]]) -> None:
    """Create a table of n8n with these rows, as a person who imports a CSV file does."""
    project = stage.client.call("GET", "/projects/personal")["id"]
    columns = [{"name": each, "type": "string"} for each in rows[0]]
    tables = f"/projects/{project}/data-tables"
    table = stage.client.call("POST", tables, {"name": name, "columns": columns})
    stage.client.call("POST", f"{tables}/{table['id']}/insert", {"data": rows, "returnType": "count"})


def test_delete_500_blocked_numbers_and_retry_the_failed(
    builder: Builder, pbx: Simulator, stage: Stage
) -> None:
    spam = [{"CallerId": f"+493055{number:05}", "Description": "Campaign"} for number in range(500)]
    create(pbx.base_url, "BlackListNumbers", *spam)
    kept = len(pbx.state.entities("BlackListNumbers")) - len(spam)
    builder.start()
    builder.add_node("block number", "Get many blocked numbers")
    builder.write("$search", "Campaign")
    builder.turn_on("returnAll")
    expect(builder.execute()).to_contain_text("500 items")
    builder.add_next("block number", "Delete blocked number")
    builder.drag("Id", "Id")
    builder.click(builder.page.get_by_test_id("tab-settings"))
    builder.choose("onError", "Continue (using error output)")
    before = pbx.requests[-1].number
    # The PBX refuses one in ten of the requests, and has carried out none of those.
    pbx.faults.set("403:10%", seed=1)
    try:
        output = builder.execute()
        expect(output).to_contain_text("Error Branch")
        expect(output).to_contain_text(re.compile(r"Success Branch \(\d+ items\)"))
    finally:
        pbx.faults.set("")
    failed = last_items(builder.page, stage, "Delete blocked number", output=1)
    assert len(last_items(builder.page, stage, "Delete blocked number")) + len(failed) == 500
    builder.add_next("block number", "Delete blocked number", output="Error")
    builder.drag("Id", "Id")
    output = builder.execute()
    expect(output).to_contain_text(f"{len(failed)} items")
    builder.show("job-delete")
    builder.compare_steps("Delete 500 blocked numbers")

    again = last_items(builder.page, stage, "Delete blocked number1")
    assert [each["Id"] for each in again] == [each["Id"] for each in failed]
    deletes = [each for each in pbx.requests if each.method == "DELETE" and each.number > before]
    # Each was deleted once, and nothing was sent again that had been deleted.
    assert Counter(each.status for each in deletes) == {204: 500, 403: len(failed)}
    assert len({each.path for each in deletes if each.status == 204}) == 500
    assert len(pbx.state.entities("BlackListNumbers")) == kept


def test_start_on_a_missed_call(page: Page, desk: Desk) -> None:
    builder = Builder(page, desk.stage.n8n.url, desk.credential["name"])
    builder.start()
    builder.click(page.get_by_test_id("canvas-add-button"))
    # n8n lists a trigger with the node whose type has the same beginning.
    builder.open_node("missed call")
    expect(page.get_by_text("On call missed", exact=True)).to_be_visible()
    builder.show("n8n-trigger-events")
    builder.choose_action("On call missed")
    expect(builder.field("events")).to_contain_text("Call Missed")
    # Asked of the PBX with the chosen credential.
    expect(builder.field("rights").locator("input")).to_have_value("The Chosen Events Can Come")
    builder.show("n8n-trigger")
    output = builder.execute()
    expect(page.get_by_text("Waiting for one of the chosen events in 3CX")).to_be_visible()
    builder.show("n8n-trigger-listening")
    desk.miss_call()
    expect(output).to_contain_text(CALLER)
    expect(output).to_contain_text("call.missed")
    builder.show("n8n-trigger-event")
    wait_for(lambda: not desk.subscriptions())

    builder.close_node()
    builder.click(page.get_by_test_id("workflow-open-publish-modal-button"))
    builder.click(page.get_by_test_id("workflow-publish-button"))
    builder.compare_steps("Start on a missed call")
    wait_for(desk.subscriptions)
    workflow = opened_workflow(page)
    before = len(desk.client.executions(workflow))
    desk.miss_call(to="102")
    # One of them is that of the call before, for which the editor has listened.
    [_, item] = desk.items(workflow, before + 1)
    assert (item["type"], item["extension"], item["externalNumber"]) == ("call.missed", "102", CALLER)
    assert item["direction"] == "inbound"
    # Simplified.
    assert len(item) <= 10
    desk.client.unpublish(workflow)
    wait_for(lambda: not desk.subscriptions())
