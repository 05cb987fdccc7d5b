"""Jobs of everyday work, done by hand in a real n8n: clicks and plain values, without OData, JSON and code.

docs/jobs.md shows the jobs with the number of their steps; the numbers are compared with those counted here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.e2e.browser import open_page
from tests.e2e.builder import Builder
from threecx_node.simulator import Simulator
from tools.lab.stage import CLIENT_ID, CLIENT_SECRET, CREDENTIAL_TYPE, TEST_CLIENT, Stage

CREDENTIAL = "3CX Office"


@pytest.fixture(scope="module")
def pbx() -> Iterator[Simulator]:
    with Simulator(clients=[TEST_CLIENT], past_days=1) as running:
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
    form = {
        "grant_type": "client_credentials",
        "client_id": TEST_CLIENT.id,
        "client_secret": TEST_CLIENT.secret,
    }
    with httpx.Client(base_url=pbx.base_url) as client:
        token = client.post("/connect/token", data=form).json()["access_token"]
        answer = client.get(f"/xapi/v1/{path}", headers={"Authorization": f"Bearer {token}"})
    return answer.raise_for_status().json()


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
