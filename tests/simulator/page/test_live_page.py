"""The page in a real browser: it follows the changes of a workflow."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Playwright, expect, sync_playwright

from threecx_node.simulator import Simulator

pytestmark = pytest.mark.slow

CHROMIUM = Path("/usr/bin/chromium")
HOSTILE = "<script>window.hacked = 1</script><img src=x onerror='window.hacked = 1'>"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # The browser's own requests can reach this machine only.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]
PAGES = (
    "/",
    "/?set=Users",
    "/?set=CallHistoryView",
    "/?set=Users&key=7",
    "/?requests=all",
    "/?singleton=SystemStatus",
)
DESKTOP = (1280, 800)

Opener = Callable[..., Page]


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="module")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    """Debian's browser with a new profile; these tests need it."""
    assert CHROMIUM.exists(), "the browser is missing: run tools/install_programs.sh"
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
    yield browser
    browser.close()


@pytest.fixture
def problems() -> list[str]:
    """The messages in the browser's console; a test fails if any are left at its end."""
    return []


@pytest.fixture
def visit(chromium: Browser, pbx: Simulator, problems: list[str]) -> Iterator[Opener]:
    """A function that opens pages; afterwards they must have no errors and no requests to other machines."""
    asked: list[str] = []
    contexts = []

    def note(message: ConsoleMessage) -> None:
        problems.append(f"{message.type}: {message.text}")

    def open_page(
        path: str = "/", size: tuple[int, int] = DESKTOP, scheme: str = "light", javascript: bool = True
    ) -> Page:
        context = chromium.new_context(
            viewport={"width": size[0], "height": size[1]},
            color_scheme="dark" if scheme == "dark" else "light",
            java_script_enabled=javascript,
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("console", note)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(pbx.base_url + path)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert problems == []
    assert asked
    assert [url for url in asked if not url.startswith((f"{pbx.base_url}/", "data:"))] == []


def overflow(page: Page) -> int:
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


def test_a_deleted_app_disappears(visit: Opener, api: httpx.Client) -> None:
    page = visit("/?set=CallFlowApps")
    row = page.get_by_role("row").filter(has_text="Old voicemail tree")
    link = page.get_by_role("navigation").get_by_role("link", name="Call Flow Apps")
    expect(row).to_be_visible()
    expect(link).to_have_text("Call Flow Apps 8")
    page.evaluate("window.stayed = true")
    key = row.get_attribute("data-row")

    assert api.delete(f"CallFlowApps({key})").status_code == 204

    # Struck through for a moment, so that a person sees which one disappears.
    expect(page.locator("tr.gone")).to_contain_text("Old voicemail tree")
    expect(row).to_have_count(0)
    expect(link).to_have_text("Call Flow Apps 7")
    expect(page.locator("main")).to_contain_text("1–7 of 7")
    expect(page.locator(".requests tbody tr").first).to_contain_text(f"/xapi/v1/CallFlowApps({key})")
    assert page.evaluate("window.stayed") is True


def test_a_created_entity_appears(visit: Opener, api: httpx.Client) -> None:
    page = visit("/?set=Contacts")
    assert api.post("Contacts", json={"FirstName": "Zora", "LastName": "Neale"}).status_code == 201
    expect(page.locator("tr.new").filter(has_text="Neale")).to_be_visible()


def test_an_open_entity_changes_and_disappears(
    visit: Opener, api: httpx.Client, pbx: Simulator, problems: list[str]
) -> None:
    key = pbx.state.entities("Contacts")[0]["Id"]
    page = visit(f"/?set=Contacts&key={key}")
    assert api.patch(f"Contacts({key})", json={"CompanyName": "Renamed Ltd"}).status_code == 204
    expect(page.locator("main")).to_contain_text("Renamed Ltd")
    page.get_by_text("empty field").click()

    assert api.delete(f"Contacts({key})").status_code == 204
    expect(page.get_by_role("heading", level=1)).to_have_text("Not found")
    page.get_by_role("link", name="Back to the set").click()
    expect(page.locator("main")).to_contain_text("of 5")
    # The browser's console has the 404 of the removed entity.
    assert len(problems) >= 1
    assert all("404" in problem for problem in problems)
    problems.clear()


def test_scrolled_and_opened_parts_stay(visit: Opener, api: httpx.Client) -> None:
    page = visit("/?set=Users", size=(1000, 500))
    table = page.locator(".scroll").first
    page.evaluate("document.querySelector('#settings').open = true")
    page.get_by_label("Search in Users").fill("half a wo")
    page.evaluate("window.scrollTo(0, 400)")
    table.evaluate("box => box.scrollLeft = 120")

    assert api.post("Users", json={"FirstName": "Zora", "LastName": "Neale"}).status_code == 201

    expect(page.locator("main")).to_contain_text("1–26 of 26")
    assert page.evaluate("window.scrollY") == 400
    assert page.locator(".scroll").first.evaluate("box => box.scrollLeft") == 120
    assert page.get_by_label("Search in Users").input_value() == "half a wo"
    assert page.evaluate("document.querySelector('#settings').open") is True


def test_pause(visit: Opener, api: httpx.Client) -> None:
    page = visit("/?set=Contacts")
    button = page.get_by_role("button", name="Live")
    expect(button).to_have_attribute("aria-pressed", "true")
    button.click()
    paused = page.get_by_role("button", name="Paused")
    expect(paused).to_have_attribute("aria-pressed", "false")
    assert api.delete("Contacts(1)").status_code == 204
    page.wait_for_timeout(2500)
    expect(page.locator("main")).to_contain_text("of 6")
    paused.click()
    expect(page.locator("main")).to_contain_text("of 5")


def test_hostile_names_are_text(visit: Opener, api: httpx.Client) -> None:
    page = visit("/?set=Contacts")
    made = api.post("Contacts", json={"FirstName": HOSTILE, "LastName": "x"})
    assert made.status_code == 201
    # Both ways: added by the script, and in the page from the start.
    expect(page.get_by_text(HOSTILE).first).to_be_visible()
    for path in ("/?set=Contacts", f"/?set=Contacts&key={made.json()['Id']}", "/"):
        fresh = visit(path)
        if path != "/":
            expect(fresh.get_by_text(HOSTILE).first).to_be_visible()
        for each in (fresh, page):
            assert each.evaluate("window.hacked") is None
            assert each.locator("main img, main script").count() == 0


@pytest.mark.parametrize("width", [320, 390, 768])
def test_narrow_screens(visit: Opener, api: httpx.Client, pbx: Simulator, width: int) -> None:
    api.get("Users?$filter=" + " or ".join(f"Number eq '{number}'" for number in range(100, 110)))
    api.post("Contacts", json={"FirstName": "W" * 250, "LastName": "x"})
    page = visit("/?set=Contacts", size=(width, 700))
    for path in ("/?set=Contacts", *PAGES):
        page.goto(pbx.base_url + path)
        assert overflow(page) == 0, path


def test_light_and_dark(visit: Opener) -> None:
    grounds = {}
    for scheme in ("light", "dark"):
        colour = visit("/", scheme=scheme).evaluate("getComputedStyle(document.body).backgroundColor")
        grounds[scheme] = sum(int(part) for part in re.findall(r"\d+", colour)[:3])
    assert grounds["light"] > 600
    assert grounds["dark"] < 150


@pytest.mark.parametrize("path", PAGES)
def test_accessibility(visit: Opener, api: httpx.Client, path: str) -> None:
    api.get("Users?$top=1")
    page = visit(path)
    assert page.locator("html").get_attribute("lang") == "en"
    for landmark in ("banner", "main", "navigation"):
        expect(page.get_by_role(landmark)).to_have_count(1)
    expect(page.get_by_role("heading", level=1)).to_have_count(1)
    for table in page.locator("main table").all():
        assert table.locator("thead th[scope=col]").count() > 1
        assert table.locator("th:not([scope])").count() == 0
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map(each => each.id)")
    assert len(ids) == len(set(ids)) > 3
    # The first element for the keyboard is a link that skips to the content.
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('href')") == "#content"


def test_calls_by_the_keyboard(visit: Opener, pbx: Simulator) -> None:
    page, other = visit(), visit()
    for each in (page, other):
        expect(each.locator("main")).to_contain_text("No active calls.")
        each.evaluate("window.stayed = true")
    page.get_by_label("From").fill("+12025550114")
    page.get_by_label("To", exact=True).fill("103")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").filter(has_text="+12025550114 calls 103.")).to_be_visible()
    # The other page follows by itself, and both stay the same document.
    answer = other.get_by_role("button", name="Answer: 103 Carla Rossi, 3CX Softphone")
    expect(answer).to_be_visible()
    answer.focus()
    other.keyboard.press("Enter")
    expect(other.get_by_role("status").filter(has_text="103 Carla Rossi answered.")).to_be_visible()
    # The button is gone, and the keyboard goes on from the heading of the calls.
    expect(other.get_by_role("heading", name="Active calls")).to_be_focused()
    other.keyboard.press("Tab")
    hang_up = page.get_by_role("button", name="Hang up: 103 Carla Rossi, 3CX Softphone")
    expect(hang_up).to_be_visible()
    hang_up.click()
    for each in (page, other):
        expect(each.locator("main")).to_contain_text("No active calls.")
        assert each.evaluate("window.stayed") is True
    # The typed number stays.
    assert page.get_by_label("To", exact=True).input_value() == "103"
    assert pbx.state.entities("CallHistoryView")[-1]["DstDn"] == "103"


def test_a_call_that_cannot_be_made(visit: Opener, problems: list[str]) -> None:
    page = visit()
    page.get_by_label("To", exact=True).fill("nowhere")
    page.get_by_role("button", name="Ring").click()
    expect(page.locator("#result.failed")).to_have_text(
        "nowhere is not a number of this PBX. Choose one from the list."
    )
    # The browser's console has the 409 of the refused form.
    assert len(problems) == 1
    problems.clear()


def test_calls_without_javascript(visit: Opener, pbx: Simulator, problems: list[str]) -> None:
    page = visit(javascript=False)
    page.get_by_label("To", exact=True).fill("103")
    page.get_by_role("button", name="Ring").click()
    page.get_by_role("button", name="Decline: 103 Carla Rossi, 3CX Softphone").click()
    expect(page.locator("main")).to_contain_text("No active calls.")
    page.get_by_label("To", exact=True).fill("nowhere")
    page.get_by_role("button", name="Ring").click()
    expect(page.get_by_role("alert")).to_contain_text("nowhere is not a number")
    # It repeats its address by itself, which leads to the page again.
    expect(page.get_by_role("alert")).to_have_count(0, timeout=15_000)
    assert page.url == f"{pbx.base_url}/"
    # The browser's console may have the 409 of the refused form.
    assert all("409" in problem for problem in problems)
    problems.clear()


def test_without_javascript(visit: Opener, api: httpx.Client) -> None:
    page = visit("/?set=Contacts", javascript=False)
    expect(page.locator("main")).to_contain_text("of 6")
    assert api.delete("Contacts(1)").status_code == 204
    expect(page.locator("main")).to_contain_text("of 5", timeout=15_000)


def test_the_simulator_ends(chromium: Browser) -> None:
    with Simulator() as own:
        page = chromium.new_page()
        page.goto(own.base_url)
        expect(page.get_by_role("heading", level=1)).to_have_text("Overview")
        port = own.ports[0]
    expect(page.locator("#message")).to_have_text("The simulator does not respond.")
    with Simulator(port=port, seed="empty"):
        expect(page.locator("#message")).to_have_text("")
        expect(page.get_by_role("navigation").get_by_role("link", name="Users")).to_have_text("Users 1")
    page.close()
