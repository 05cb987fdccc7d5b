"""A real browser that is signed in to n8n, for the tests of its editor.

THREECX_SCREENSHOTS=FOLDER keeps pictures of what a person sees (`make screenshots`).
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

from tools.lab.n8n_client import EMAIL, PASSWORD
from tools.lab.stage import Stage

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # The browser and n8n's editor reach no other machine.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]


@contextmanager
def open_page(stage: Stage) -> Iterator[Page]:
    """Return a page of a browser that is signed in to n8n. Raises AssertionError if Debian's chromium is missing."""
    assert CHROMIUM.exists(), "the browser is missing: run tools/install_programs.sh"
    with sync_playwright() as playwright:
        playwright.selectors.set_test_id_attribute("data-test-id")
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        opened = browser.new_page(viewport={"width": 1440, "height": 900})
        # The machine may be busy; nothing waits longer than it must.
        opened.set_default_timeout(60_000)
        expect.set_options(timeout=60_000)
        opened.goto(f"{stage.n8n.url}/signin")
        opened.locator("[name=emailOrLdapLoginId]").fill(EMAIL)
        opened.locator("[name=password]").fill(PASSWORD)
        opened.keyboard.press("Enter")
        opened.wait_for_url(re.compile("/(home|workflow)"))
        yield opened
        browser.close()


def execute(page: Page) -> None:
    """Execute the node that is open."""
    page.get_by_test_id("node-execute-button").click()


def picture(page: Page, name: str) -> None:
    """Keep a picture of what a person sees now."""
    if folder := os.environ.get("THREECX_SCREENSHOTS"):
        # n8n's own notes fade in and out; let them come to rest.
        page.wait_for_timeout(800)
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=Path(folder) / f"{name}.png")
