"""A person who builds a workflow in n8n's editor: each click and each text that is typed is one step, and counted."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from tests.e2e.browser import picture

DOCS = Path(__file__).parents[2] / "docs" / "jobs.md"


class Builder:
    """Builds one workflow and counts the steps; it knows names that a person reads, and neither OData nor JSON."""

    def __init__(self, page: Page, n8n_url: str, credential: str) -> None:
        self.page = page
        self.steps = 0
        self._credential = credential
        self._url = n8n_url

    def start(self) -> None:
        """Open an empty workflow; the steps are counted from there."""
        self.page.goto(f"{self._url}/workflow/new")

    def click(self, place: Locator) -> None:
        """Click once."""
        place.click()
        self.steps += 1

    def write(self, field: str, text: str) -> None:
        """Type the text into a field of the node."""
        self.field(field).locator("input, textarea").first.fill(text)
        self.steps += 1

    def add_node(self, word: str, action: str) -> None:
        """Add the everyday node as the first one: search by a word, and choose the action."""
        self.click(self.page.get_by_test_id("canvas-add-button"))
        self.open_node(word)
        # Of the first node of a workflow, n8n shows the triggers, and the actions closed.
        self.click(self.page.get_by_text(re.compile(r"^Actions \(\d+\)$")))
        self.choose_action(action)

    def find_node(self, word: str, action: str) -> None:
        """Find the everyday node by a word in the panel that is open, and choose the action."""
        self.open_node(word)
        self.choose_action(action)

    def search(self, word: str) -> None:
        """Search the panel that is open by a word."""
        self.page.get_by_test_id("node-creator-search-bar").fill(word)
        self.steps += 1

    def open_node(self, word: str) -> None:
        """Find the everyday node by a word in the panel that is open, and open it there."""
        self.search(word)
        self.click(self.page.get_by_text("3CX", exact=True).first)

    def choose_action(self, action: str) -> None:
        """Choose an action, or an event, of the node that is open in the panel."""
        # A node on the canvas can have the same name.
        offered = self.page.get_by_test_id("node-creator-item-name")
        self.click(offered.get_by_text(action, exact=True).first)
        if self._credential:
            self._use_credential()

    def add_next(self, word: str, action: str, output: str = "") -> None:
        """Close the node, and add the everyday node behind its last output, or behind the one with this name."""
        self.close_node()
        outputs = self.page.get_by_test_id("canvas-node-output-handle")
        wanted = outputs.filter(has_text=output) if output else outputs
        self.click(wanted.get_by_test_id("canvas-handle-plus").last)
        self.find_node(word, action)

    def close_node(self) -> None:
        """Close the node that is open."""
        self.click(self.page.get_by_test_id("ndv-close-button"))

    def drag(self, name: str, field: str) -> None:
        """Drag a field of the input to a field of the node."""
        fields = self.page.get_by_test_id("ndv-input-panel").get_by_test_id("run-data-schema-node-name")
        fields.get_by_text(name, exact=True).drag_to(self.field(field))
        # n8n writes the expression, and shows the value for the first item.
        expect(self.field(field)).to_contain_text(f"$json.{name}")
        self.steps += 1

    def turn_on(self, field: str) -> None:
        """Turn on a switch."""
        self.click(self.field(field).locator(".el-switch"))

    def choose(self, field: str, name: str) -> None:
        """Choose a value of a field with fixed values by its name."""
        self.click(self.field(field))
        # n8n's own settings have a sentence behind the name.
        self.click(self.page.get_by_role("option", name=re.compile(rf"^{re.escape(name)}( |$)")).first)

    def choose_from_list(self, field: str, name: str) -> None:
        """Choose an entity from the list that the PBX fills."""
        self.click(self.field(field).get_by_test_id("rlc-input"))
        self.click(self.page.get_by_test_id("rlc-item").filter(has_text=name).first)

    def execute(self) -> Locator:
        """Execute the node that is open; return its output."""
        self.click(self.page.get_by_test_id("node-execute-button"))
        return self.page.get_by_test_id("output-panel")

    def show(self, name: str) -> None:
        """Keep a picture of what a person sees now."""
        picture(self.page, name)

    def compare_steps(self, job: str) -> None:
        """Compare the number of steps with the one in docs/jobs.md."""
        promised = re.search(rf"^\| \[{job}\]\(.*\| (\d+) \|$", DOCS.read_text(), re.MULTILINE)
        assert promised, f"docs/jobs.md has no row for {job}"
        assert self.steps == int(promised.group(1)), f"the steps of {job}"

    def field(self, name: str) -> Locator:
        """Return the input of a field by its name in the description of the node."""
        return self.page.get_by_test_id(f"parameter-input-{name}")

    def _use_credential(self) -> None:
        # n8n chooses the credential where there is one; other tests have made more of them. No step of the job.
        select = self.page.get_by_test_id("node-credentials-select")
        expect(select).to_be_visible()
        if select.locator("input").first.input_value() != self._credential:
            select.click()
            self.page.get_by_role("option", name=self._credential).first.click()
