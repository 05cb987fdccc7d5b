"""The node in n8n's editor, in a real browser: found, given a credential, used, and explained when it fails.

THREECX_SCREENSHOTS=FOLDER keeps pictures of what a person sees (`make screenshots`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.browser import execute, open_page, picture
from tests.e2e.conftest import TRIGGER, Canvas
from tests.support import OPERATIONS
from tools.lab.stage import CLIENT_ID, CLIENT_SECRET, CREDENTIAL_TYPE, Stage


@pytest.fixture(scope="module")
def page(stage: Stage) -> Iterator[Page]:
    with open_page(stage) as opened:
        yield opened


def choose_app(page: Page, name: str) -> None:
    """By its name, as one does in a long list."""
    page.get_by_test_id("rlc-input").first.click()
    page.get_by_test_id("rlc-search").fill(name.split(" (")[0])
    page.get_by_test_id("rlc-item").filter(has_text=name).first.click()


# Words for a phone system and its parts.
WORDS = (
    "telephone", "phone", "voicemail", "queue", "recording", "call log", "ivr", "contact", "department", "forward",
    "office hours", "block number", "threecx", "callcenter", "user", "extension", "pbx", "voip", "caller id",
    "missed call", "make call",
)  # fmt: skip


def test_found_by_what_people_type(page: Page, stage: Stage) -> None:
    page.goto(f"{stage.n8n.url}/workflow/new")
    page.get_by_test_id("canvas-add-button").click()
    search = page.get_by_test_id("node-creator-search-bar")
    for word in WORDS:
        search.fill(word)
        expect(page.get_by_text("3CX", exact=True).first).to_be_visible()
        # The list of the word before is gone.
        search.fill("no node has this name")
        expect(page.get_by_text("3CX", exact=True)).to_have_count(0)


def test_delete_by_hand(page: Page, stage: Stage, canvas: Canvas) -> None:
    # Where there is a credential already, n8n offers it in a list, and a new one at the list's end.
    assert canvas.credential["name"] == "3CX"
    page.goto(f"{stage.n8n.url}/workflow/new")

    page.get_by_test_id("canvas-add-button").click()
    page.get_by_test_id("node-creator-search-bar").fill("3CX")
    page.get_by_text("3CX Admin", exact=True).first.click()
    # The actions are those of the catalog, and API Request.
    expect(page.get_by_text(f"Actions ({OPERATIONS + 1})")).to_be_visible()
    expect(page.get_by_text("Delete call flow app", exact=True).first).to_be_attached()
    picture(page, "n8n-actions")
    page.get_by_text("Delete call flow app", exact=True).first.click()

    page.get_by_test_id("node-credentials-select").click()
    page.get_by_text("Create new credential").first.click()
    fields = {
        "baseUrl": stage.pbx.base_url,
        "clientId": CLIENT_ID,
        "apiKey": CLIENT_SECRET,
        "executorUrl": stage.executor.url,
    }
    for name, value in fields.items():
        page.get_by_test_id(f"parameter-input-{name}").locator("input").first.fill(value)
    page.get_by_test_id("credential-save-button").click()
    # n8n closes the dialog after a good test; opened again it tests again and says so.
    expect(page.get_by_test_id("credential-save-button")).to_be_hidden()
    page.get_by_test_id("credential-edit-button").first.click()
    expect(page.get_by_text("Connection tested successfully")).to_be_visible()
    picture(page, "n8n-credential")
    page.keyboard.press("Escape")
    page.get_by_test_id("canvas-default-node").dblclick()

    page.get_by_test_id("rlc-input").first.click()
    expect(page.get_by_test_id("rlc-item").filter(has_text="Appointment reminder (830)")).to_be_visible()
    picture(page, "n8n-from-list")
    page.get_by_test_id("rlc-item").filter(has_text="Appointment reminder (830)").click()
    output = page.get_by_test_id("output-panel")
    execute(page)
    expect(output).to_contain_text("deleted")
    expect(output).to_contain_text("true")
    picture(page, "n8n-deleted")

    execute(page)
    expect(output).to_contain_text("was not found on this PBX")
    expect(output).to_contain_text("Check the ID or number")
    picture(page, "n8n-404")

    choose_app(page, "Callback request (831)")
    match = page.get_by_test_id("parameter-input-If-Match")
    match.locator("input, textarea").first.fill('W/"an older one"')
    execute(page)
    expect(output).to_contain_text("Read it again to get the current ETag")
    picture(page, "n8n-412")
    deletes = [
        each for each in stage.pbx.requests if each.method == "DELETE" and "CallFlowApps(4" in each.path
    ]
    assert [(each.path.rpartition("/")[2], each.status) for each in deletes[-3:]] == [
        ("CallFlowApps(40)", 204),
        ("CallFlowApps(40)", 404),
        ("CallFlowApps(41)", 412),
    ]


@pytest.fixture
def unreachable(stage: Stage) -> Iterator[str]:
    """Return the name of a credential whose executor is not running; n8n chooses the newest for a new node."""
    data = stage.credential_data(executorUrl="http://127.0.0.1:9")
    made = stage.client.create_credential("Unreachable", CREDENTIAL_TYPE, data)
    yield made["name"]
    stage.client.call("DELETE", f"/credentials/{made['id']}")


def choose_option(page: Page, select: Locator, name: str) -> None:
    select.click()
    page.get_by_role("option", name=re.compile(rf"^{name}( |$)")).first.click()


def test_the_fields_of_a_body_are_there_without_a_click(
    page: Page, stage: Stage, canvas: Canvas, unreachable: str
) -> None:
    workflow = stage.client.create_workflow("Fields", [TRIGGER])
    page.goto(f"{stage.n8n.url}/workflow/{workflow['id']}")
    page.get_by_test_id("canvas-node-output-handle").get_by_test_id("canvas-handle-plus").last.click()
    page.get_by_test_id("node-creator-search-bar").fill("3CX")
    page.get_by_text("3CX Admin", exact=True).first.click()
    # n8n asks for the fields at once, often before it has chosen a credential.
    page.get_by_text("Create user", exact=True).first.click()
    number = page.get_by_test_id("parameter-input-Number")
    expect(number).to_be_visible()

    credential = page.get_by_test_id("node-credentials-select")
    choose_option(page, credential, unreachable)
    operation = page.get_by_test_id("parameter-input-operation")
    add_field = page.get_by_text("Add field to send")
    for name, shown in (("Update", 0), ("Create", 1)):
        choose_option(page, operation, name)
        expect(number).to_have_count(shown)
        expect(add_field).to_be_visible()
    choose_option(page, credential, canvas.credential["name"])
    number.locator("input").first.fill("176")
    execute(page)
    expect(page.get_by_test_id("output-panel")).to_contain_text("176")


def open_node(page: Page, stage: Stage, workflow: dict[str, Any], name: str) -> None:
    page.goto(f"{stage.n8n.url}/workflow/{workflow['id']}")
    page.locator(f'[data-test-id="canvas-node"][data-node-name="{name}"]').dblclick()


def test_hint_for_bulk_delete_without_etags(page: Page, stage: Stage, canvas: Canvas) -> None:
    items = canvas.items([{"Id": each} for each in canvas.make_apps(3)])
    one = {"__rl": True, "mode": "list", "value": "40", "cachedResultName": "Appointment reminder (830)"}
    node = canvas.node("DeleteCallFlowApp", {"resource": "CallFlowApps", "Id": one})
    workflow = stage.client.create_workflow("Bulk", [TRIGGER, items, node])
    open_node(page, stage, workflow, "Items")
    execute(page)
    expect(page.get_by_test_id("output-panel")).to_contain_text("3 items")
    page.keyboard.press("Escape")
    page.locator('[data-test-id="canvas-node"][data-node-name="3CX"]').dblclick()
    output = page.get_by_test_id("output-panel")
    expect(output).to_contain_text("All input items use this one entry")
    expect(output).to_contain_text("To keep changed entries, set If Match to")
    picture(page, "n8n-hints")
    page.get_by_test_id("parameter-input-If-Match").locator("input, textarea").first.fill('W/"1"')
    expect(output).not_to_contain_text("set If Match to")


@pytest.mark.parametrize(("destination", "warned"), [("102", True), ("={{ $json.Number }}", False)])
def test_hint_for_action_with_fixed_values(
    page: Page, stage: Stage, canvas: Canvas, destination: str, warned: bool
) -> None:
    items = canvas.items([{"Number": "102"}, {"Number": "103"}])
    body = {"mappingMode": "defineBelow", "value": {"dn": "101", "destination": destination}}
    node = canvas.node("MakeCall", {"resource": "Users", "body": body})
    workflow = stage.client.create_workflow("Calls", [TRIGGER, items, node])
    open_node(page, stage, workflow, "Items")
    execute(page)
    page.keyboard.press("Escape")
    page.locator('[data-test-id="canvas-node"][data-node-name="3CX"]').dblclick()
    expect(page.get_by_test_id("node-execute-button")).to_be_visible()
    hint = page.get_by_test_id("output-panel").get_by_text("Runs once for each input item")
    expect(hint).to_have_count(int(warned))


def test_update_by_hand(page: Page, stage: Stage, canvas: Canvas) -> None:
    listed = canvas.run(canvas.node("ListUser", {"resource": "Users", "limit": 1}))
    [found] = listed.items("3CX")
    user = {"__rl": True, "mode": "id", "value": str(found["json"]["Id"])}
    node = canvas.node("UpdateUser", {"resource": "Users", "Id": user})
    open_node(page, stage, stage.client.create_workflow("Update", [TRIGGER, node]), "3CX")
    page.get_by_text("Add field to send").click()
    page.get_by_role("menuitem", name="First Name", exact=True).click()
    page.get_by_test_id("parameter-input-FirstName").locator("input").first.fill("Ada")
    execute(page)
    expect(page.get_by_test_id("output-panel")).to_contain_text("updated")
    picture(page, "n8n-update")
    patch = next(each for each in reversed(stage.pbx.requests) if each.method == "PATCH")
    assert patch.json() == {"FirstName": "Ada"}
