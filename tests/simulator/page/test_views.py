"""The views of the page: sets, entities, requests."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests.simulator.page.reading import links, text_of
from tests.support import RELEASES
from threecx_node.catalog import load_catalog
from threecx_node.simulator import Simulator
from threecx_node.simulator.odata.release_model import load_model
from threecx_node.simulator.page.sets import group_sets

HOSTILE = (
    "</td><script>window.hacked = 1</script><img src=x onerror='window.hacked = 1'>"
    '{{ 7 * 7 }} "quoted" O\'Brien & Söhne'
)


@pytest.mark.parametrize("release", [RELEASES[0], RELEASES[-1]])
def test_everything_can_be_viewed(release: str) -> None:
    with (
        Simulator(release=release) as pbx,
        httpx.Client(base_url=pbx.base_url, headers={"accept": "text/html"}) as browser,
    ):
        model = load_model(load_catalog(), release)
        overview = browser.get("/")
        sets = sorted({parse_qs(urlsplit(link).query)["set"][0] for link in links(overview, "/?set=")})
        assert sets == sorted(model.sets)
        seen = 0
        for name in sets:
            listed = browser.get("/", params={"set": name})
            assert listed.status_code == 200
            for link in sorted(set(links(listed, f"/?set={name}&key="))):
                assert browser.get(link).status_code == 200, link
                seen += 1
        assert seen > 150
        assert len(model.singletons) > 30
        for name in model.singletons:
            assert browser.get("/", params={"singleton": name}).status_code == 200


def test_groups_of_sets() -> None:
    names = load_model(load_catalog(), RELEASES[-1]).sets
    groups = group_sets([*names, "SomethingNew"])
    assert sorted(name for members in groups.values() for name in members) == sorted([*names, "SomethingNew"])
    assert "SomethingNew" in groups["System"]
    assert groups["Call routing"][0] == "CallFlowApps"


def test_columns_of_a_set(browser: httpx.Client) -> None:
    answer = browser.get("/?set=CallFlowApps")
    heads = re.findall(r'<th scope="col"[^>]*>([^<]+)</th>', answer.text)
    assert heads[:3] == ["Id", "Number", "Name"]
    assert "Appointment reminder" in text_of(answer)
    assert "1–8 of 8" in text_of(answer)


def test_paging(browser: httpx.Client) -> None:
    whole = len(links(browser.get("/?set=Peers"), "/?set=Peers&key="))
    assert whole == 50
    following = browser.get("/?set=Peers&skip=50")
    assert text_of(following).count("51–") == 1
    for skip in ("49", "1e9", "-1", "x", "٣", "99999999999999999999"):
        assert "1–50 of" in text_of(browser.get("/", params={"set": "Peers", "skip": skip}))
    # A position after the end gives the last page.
    assert text_of(browser.get("/?set=Peers&skip=5000")).count("51–") == 1


def test_searching(browser: httpx.Client) -> None:
    found = browser.get("/", params={"set": "Users", "search": "rossi CARLA"})
    assert "1–1 of 1 matches, 25 entities in total" in text_of(found)
    assert "Carla Rossi" in text_of(found)
    assert "No entity matches the search" in text_of(browser.get("/?set=Users&search=nobody-of-that-name"))
    for odd in ('"', "NOT", "(((", "\x00", "%", "x" * 5000):
        assert browser.get("/", params={"set": "Users", "search": odd}).status_code == 200


def test_a_large_company(monkeypatch: pytest.MonkeyPatch) -> None:
    with (
        Simulator(seed="large") as pbx,
        httpx.Client(base_url=pbx.base_url, headers={"accept": "text/html"}) as browser,
    ):
        assert "1–50 of 200,000" in text_of(browser.get("/?set=CallHistoryView"))
        assert "199,951–200,000 of 200,000" in text_of(browser.get("/?set=CallHistoryView&skip=199999"))
        monkeypatch.setattr("threecx_node.simulator.page.page._SEARCH_TIMEOUT", 60)
        shown = text_of(browser.get("/?set=Users&search=4711"))
        assert "5,000 entities in total" in shown
        assert "searched" not in shown
        # A search ends after a time limit.
        monkeypatch.setattr("threecx_node.simulator.page.page._SEARCH_TIMEOUT", 0.01)
        shown = text_of(browser.get("/?set=CallHistoryView&search=nobody-of-that-name"))
        assert re.search(r"Only the first [\d,]+ of 200,000 entities were searched", shown)


def test_long_texts_are_cut(browser: httpx.Client, api: httpx.Client) -> None:
    api.get(f"Contacts?$filter=FirstName eq '{'n' * 5_000}'")
    made = api.post("Contacts", json={"FirstName": "x", "LastName": "y", "CompanyName": "z" * 5_000})
    assert made.status_code == 201, made.text
    pages = [browser.get(path).text for path in ("/", "/?set=Contacts", "/?requests=all")]
    assert all("n" * 600 not in page and "z" * 300 not in page for page in pages)
    assert "n" * 300 in pages[0]
    assert "z" * 150 in pages[1]
    assert "z" * 5_000 in browser.get(f"/?set=Contacts&key={made.json()['Id']}").text


def test_hostile_names_are_escaped(browser: httpx.Client, api: httpx.Client) -> None:
    made = api.post("Contacts", json={"FirstName": HOSTILE, "LastName": "x", "CompanyName": HOSTILE})
    assert made.status_code == 201, made.text
    api.get(f"Contacts?$filter=FirstName eq '{HOSTILE}'")
    api.get("Contacts", headers={"x-odd": "<script>hacked</script>"})
    number = max(
        int(parse_qs(urlsplit(each).query)["request"][0]) for each in links(browser.get("/"), "/?request=")
    )
    pages = [
        "/",
        "/?requests=all",
        "/?set=Contacts",
        f"/?set=Contacts&key={made.json()['Id']}",
        *(f"/?request={number - back}" for back in range(3)),
        str(httpx.URL("/", params={"set": "Contacts", "search": HOSTILE})),
        str(httpx.URL("/", params={"set": HOSTILE})),
        str(httpx.URL("/", params={"set": "Contacts", "key": HOSTILE})),
        str(httpx.URL("/", params={"singleton": HOSTILE})),
    ]
    for page in pages:
        html = browser.get(page).text
        assert html.count("<script") == 1, page
        assert "<img" not in html, page
    assert HOSTILE in unescape(browser.get("/?set=Contacts").text)


def test_requests(browser: httpx.Client, api: httpx.Client, pbx: Simulator) -> None:
    api.get("Users?$top=2&$count=true&%24select=Id")
    api.delete("CallFlowApps(4711)")
    assert [request.method for request in pbx.requests] == ["GET", "DELETE"]
    shown = text_of(browser.get("/"))
    assert "GET /xapi/v1/Users?$top=2&$count=true&$select=Id 200" in shown
    assert "2 rows of 25" in shown
    assert "DELETE /xapi/v1/CallFlowApps(4711) 404" in shown
    assert "WARNINGS.XAPI.NOT_FOUND" in shown
    detail = text_of(browser.get(f"/?request={pbx.requests[0].number}"))
    assert '"@odata.count": 25' in detail
    assert "As sent: /xapi/v1/Users?$top=2&$count=true&%24select=Id" in detail
    assert browser.get("/?request=999999").status_code == 404
    # The page's own requests are not recorded.
    assert len(pbx.requests) == 2


def test_etag(browser: httpx.Client, api: httpx.Client, pbx: Simulator) -> None:
    first = browser.get("/?set=CallFlowApps")
    again = {"if-none-match": first.headers["etag"]}
    unchanged = browser.get("/?set=CallFlowApps", headers=again)
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    assert api.get("Defs?$select=Id").status_code == 200
    assert browser.get("/?set=CallFlowApps", headers=again).status_code == 200
    second = {"if-none-match": browser.get("/").headers["etag"]}
    pbx.forget_requests()
    assert browser.get("/", headers=second).status_code == 200


def test_the_page_changes_nothing(browser: httpx.Client, pbx: Simulator) -> None:
    before = {name: pbx.state.entities(name) for name in ("Users", "CallFlowApps", "Trunks")}
    tag = browser.get("/").headers["etag"]
    for page in ("/?set=Users", "/?set=Users&key=7", "/?requests=all", "/?singleton=SystemStatus"):
        assert browser.get(page).headers["etag"] == tag
    assert {name: pbx.state.entities(name) for name in before} == before


def test_active_calls(browser: httpx.Client, api: httpx.Client) -> None:
    assert "No active calls" in text_of(browser.get("/"))
    assert api.post("Users/Pbx.MakeCall", json={"dn": "101", "destination": "102"}).is_success
    shown = text_of(browser.get("/"))
    assert "No active calls" not in shown
    assert "Active calls 1" in shown


@pytest.mark.parametrize(
    "page",
    ["/?set=Nope", "/?set=Users&key=999999", "/?set=Users&key=x", "/?set=Users&key=", "/?singleton=Nope",
     "/?request=0", "/?request=x", "/?set=Users&key=" + "9" * 5000, "/?set=../../etc/passwd"],
)  # fmt: skip
def test_not_found(browser: httpx.Client, page: str) -> None:
    answer = browser.get(page)
    assert answer.status_code == 404
    assert "does not exist in the PBX" in text_of(answer)
