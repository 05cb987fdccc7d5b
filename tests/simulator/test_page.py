"""The page as a browser gets it: who may see it, what it shows, and that nothing in it does harm."""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterator, Mapping
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests.support import RELEASES, ROOT
from threecx_node.catalog import load_catalog
from threecx_node.simulator import Simulator
from threecx_node.simulator.http.origin import is_local, is_page_request
from threecx_node.simulator.odata.release_model import load_model
from threecx_node.simulator.page.masking import escape_invisible, mask_text, mask_value
from threecx_node.simulator.page.sets import group_sets

HOSTILE = (
    "</td><script>window.hacked = 1</script><img src=x onerror='window.hacked = 1'>"
    '{{ 7 * 7 }} "quoted" O\'Brien & Söhne'
)


@pytest.fixture
def browser(pbx: Simulator) -> Iterator[httpx.Client]:
    """What a browser asks with."""
    with httpx.Client(base_url=pbx.base_url, headers={"accept": "text/html,*/*;q=0.8"}) as client:
        yield client


def markup_of(answer: httpx.Response) -> str:
    """A page without its style and script."""
    return re.sub(r"(?s)<(style|script)\b.*?</\1>", " ", answer.text)


def text_of(answer: httpx.Response) -> str:
    """The words of a page, one space between them."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", markup_of(answer))).split())


def links(answer: httpx.Response, start: str) -> list[str]:
    found = (unescape(link) for link in re.findall(r'href="([^"]+)"', markup_of(answer)))
    return [link for link in found if link.startswith(start)]


def test_only_browsers_get_it(browser: httpx.Client) -> None:
    assert browser.get("/").status_code == 200
    head = browser.head("/")
    assert (head.status_code, head.content) == (200, b"")
    for accept in ("*/*", "application/json", ""):
        answer = browser.get("/", headers={"accept": accept})
        assert answer.status_code == 404
        assert "error" in answer.json()
    assert browser.post("/").status_code == 404
    assert browser.get("/index.html").status_code == 404
    assert browser.get("/xapi/v1/Users").status_code == 401


def scope(host: bytes | None, client: str | None, accept: bytes = b"text/html") -> dict[str, Any]:
    headers = [(b"accept", accept), *([(b"host", host)] if host is not None else [])]
    return {"path": "/", "method": "GET", "headers": headers, "client": client and (client, 4711)}


@pytest.mark.parametrize(
    "host", [b"localhost", b"LOCALHOST:5001", b"127.0.0.1:5001", b"127.8.9.1", b"[::1]:80"]
)
@pytest.mark.parametrize("client", ["127.0.0.1", "127.3.2.1", "::1", "::ffff:127.0.0.1"])
def test_this_machine_may_see_it(host: bytes, client: str) -> None:
    assert is_local(scope(host, client))


@pytest.mark.parametrize(
    ("host", "client"),
    [
        (b"127.0.0.1", "192.0.2.7"),
        (b"127.0.0.1", "2001:db8::1"),
        (b"127.0.0.1", "::ffff:192.0.2.7"),
        (b"127.0.0.1", "/run/socket"),
        (b"127.0.0.1", None),
        # A name of the internet that points to this machine, and a proxy's.
        (b"rebound.example", "127.0.0.1"),
        (b"127.0.0.1.example", "127.0.0.1"),
        (b"localhost.example:5001", "127.0.0.1"),
        (b"127.0.0.1@evil.example", "127.0.0.1"),
        (b"", "127.0.0.1"),
        (None, "127.0.0.1"),
    ],
)
def test_nobody_else_may_see_it(host: bytes | None, client: str | None) -> None:
    asked = scope(host, client)
    assert is_page_request(asked)
    assert not is_local(asked)


def test_two_hosts_are_none() -> None:
    asked = scope(b"localhost", "127.0.0.1")
    asked["headers"].append((b"host", b"localhost"))
    assert not is_local(asked)


def test_public_or_not() -> None:
    elsewhere = {"accept": "text/html", "host": "pbx.example"}
    with Simulator(seed="empty") as private, Simulator(seed="empty", public_page=True) as public:
        refused = httpx.get(private.base_url, headers=elsewhere)
        assert refused.status_code == 403
        assert "localhost" in refused.text
        assert "Users" not in refused.text
        assert httpx.get(public.base_url, headers=elsewhere).status_code == 200


def test_over_https() -> None:
    with Simulator(seed="empty", tls=True) as pbx:
        trust = ssl.create_default_context(cafile=pbx.ca_file)
        assert httpx.get(pbx.base_url, headers={"accept": "text/html"}, verify=trust).status_code == 200


def test_nothing_from_elsewhere_and_nothing_to_run(browser: httpx.Client) -> None:
    first, second = browser.get("/"), browser.get("/")
    policies = [answer.headers["content-security-policy"] for answer in (first, second)]
    assert policies[0] != policies[1]
    nonces = set(re.findall(r'nonce="([^"]+)"', first.text))
    assert len(nonces) == 1
    assert policies[0].count(f"'nonce-{nonces.pop()}'") == 2
    assert "default-src 'none'" in policies[0]
    assert "unsafe" not in policies[0]
    assert first.headers["x-content-type-options"] == "nosniff"
    assert first.headers["cache-control"] == "no-store"
    # Neither inline handlers nor styles: the policy would stop them. No address but our own.
    assert not re.search(r"<[^>]+\son\w+=|<[^>]+\sstyle=", first.text)
    assert not [link for link in links(first, "") if not link.startswith(("/", "#", "data:"))]
    assert "src=" not in first.text


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


def test_every_set_is_in_one_group() -> None:
    names = load_model(load_catalog(), RELEASES[-1]).sets
    groups = group_sets([*names, "SomethingNew"])
    assert sorted(name for members in groups.values() for name in members) == sorted([*names, "SomethingNew"])
    assert "SomethingNew" in groups["System"]
    assert groups["Call routing"][0] == "CallFlowApps"


def test_a_set_shows_the_important_columns_first(browser: httpx.Client) -> None:
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
    # Past the end is the last page, not an empty one.
    assert text_of(browser.get("/?set=Peers&skip=5000")).count("51–") == 1


def test_searching(browser: httpx.Client) -> None:
    found = browser.get("/", params={"set": "Users", "search": "rossi CARLA"})
    assert "1–1 of 1 matches, 25 entities in total" in text_of(found)
    assert "Carla Rossi" in text_of(found)
    assert "No entity matches the search" in text_of(browser.get("/?set=Users&search=nobody-of-that-name"))
    for odd in ('"', "NOT", "(((", "\x00", "%", "x" * 5000):
        assert browser.get("/", params={"set": "Users", "search": odd}).status_code == 200


def test_a_large_pbx(monkeypatch: pytest.MonkeyPatch) -> None:
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
        # No search holds the machine for long.
        monkeypatch.setattr("threecx_node.simulator.page.page._SEARCH_TIMEOUT", 0.01)
        shown = text_of(browser.get("/?set=CallHistoryView&search=nobody-of-that-name"))
        assert re.search(r"Only the first [\d,]+ of 200,000 entities were searched", shown)


def test_long_texts_make_no_long_lists(browser: httpx.Client, api: httpx.Client) -> None:
    api.get(f"Contacts?$filter=FirstName eq '{'n' * 5_000}'")
    made = api.post("Contacts", json={"FirstName": "x", "LastName": "y", "CompanyName": "z" * 5_000})
    assert made.status_code == 201, made.text
    pages = [browser.get(path).text for path in ("/", "/?set=Contacts", "/?requests=all")]
    assert all("n" * 600 not in page and "z" * 300 not in page for page in pages)
    assert "n" * 300 in pages[0]
    assert "z" * 150 in pages[1]
    assert "z" * 5_000 in browser.get(f"/?set=Contacts&key={made.json()['Id']}").text


def test_hostile_names_are_text(browser: httpx.Client, api: httpx.Client) -> None:
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


def test_what_turns_a_text_around_shows_as_its_escape(browser: httpx.Client, api: httpx.Client) -> None:
    assert api.post("Contacts", json={"FirstName": "a\u202efdp.exe", "LastName": "x"}).status_code == 201
    html = browser.get("/?set=Contacts").text
    assert "\u202e" not in html
    assert "a\\u202efdp.exe" in html
    assert escape_invisible("שלום\u2066") == "שלום\\u2066"


def test_requests_and_their_answers(browser: httpx.Client, api: httpx.Client, pbx: Simulator) -> None:
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
    # The page's own requests are not what somebody tests.
    assert len(pbx.requests) == 2


def test_secrets_are_masked(browser: httpx.Client, pbx: Simulator) -> None:
    form = {
        "grant_type": "client_credentials",
        "client_id": pbx.client_id,
        "client_secret": pbx.client_secret,
    }
    token = httpx.post(f"{pbx.base_url}/connect/token", data=form).json()["access_token"]
    headers = {"authorization": f"Bearer {token}"}
    with httpx.Client(base_url=f"{pbx.base_url}/xapi/v1/", headers=headers) as api:
        made = api.post(
            "Users", json={"FirstName": "Ann", "AccessPassword": "hunter2-hunter2", "VMPIN": "864209"}
        )
        api.get(f"Users({made.json()['Id']})?$select=VMPIN,AccessPassword")
        api.get("Users")
    assert made.status_code == 201, made.text
    pages = [
        "/",
        f"/?set=Users&key={made.json()['Id']}",
        *(f"/?request={seen.number}" for seen in pbx.requests),
    ]
    assert len(pages) == 6
    together = "".join(browser.get(page).text for page in pages)
    for secret in (token, pbx.client_secret, "hunter2-hunter2", "864209"):
        assert secret not in together
    assert "***" in together
    assert "No entity matches" in text_of(browser.get("/?set=Users&search=hunter2"))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"AuthPassword": "x", "Name": "x"}, {"AuthPassword": "***", "Name": "x"}),
        ({"Password": {"Value": "x", "IsSet": True}}, {"Password": {"Value": "***", "IsSet": True}}),
        ([{"VMPIN": "1", "PinProtected": True}], [{"VMPIN": "***", "PinProtected": True}]),
        ({"access_token": "x", "licenseKey": "x"}, {"access_token": "***", "licenseKey": "***"}),
        ({"DeskphonePassword": "", "Secret": None}, {"DeskphonePassword": "", "Secret": None}),
        ({"Shipping": "x", "TokenEndpoint": "x"}, {"Shipping": "x", "TokenEndpoint": "x"}),
    ],
)
def test_masking(value: Any, expected: Any) -> None:
    assert mask_value(value) == expected


@pytest.mark.parametrize(
    "text",
    [
        '{"a": 1, "AuthPassword": "hid\\"den", "b": [',
        '{"AuthPassword":"hidden',
        '{"AuthPassword":"hidden\\',
        '{"Password": {"Value": "hidden',
        '[{"VMPIN" : "hidden"}, {"VMPIN": "hidden"},',
    ],
)
def test_masking_what_was_cut(text: str) -> None:
    assert "hid" not in mask_text(text)
    assert "***" in mask_text(text)


def test_masking_costs_little_even_for_hostile_texts() -> None:
    assert mask_text('"a' * 200_000 + '"Secret":{' * 1000).startswith('"a')


def test_asking_again_costs_nothing_while_nothing_happens(
    browser: httpx.Client, api: httpx.Client, pbx: Simulator
) -> None:
    first = browser.get("/?set=CallFlowApps")
    again = {"if-none-match": first.headers["etag"]}
    unchanged = browser.get("/?set=CallFlowApps", headers=again)
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    assert api.get("Defs?$select=Id").status_code == 200
    assert browser.get("/?set=CallFlowApps", headers=again).status_code == 200
    second = {"if-none-match": browser.get("/").headers["etag"]}
    pbx.forget_requests()
    assert browser.get("/", headers=second).status_code == 200


def test_looking_changes_nothing(browser: httpx.Client, pbx: Simulator) -> None:
    before = {name: pbx.state.entities(name) for name in ("Users", "CallFlowApps", "Trunks")}
    tag = browser.get("/").headers["etag"]
    for page in ("/?set=Users", "/?set=Users&key=7", "/?requests=all", "/?singleton=SystemStatus"):
        assert browser.get(page).headers["etag"] == tag
    assert {name: pbx.state.entities(name) for name in before} == before


def test_calls_show(browser: httpx.Client, api: httpx.Client) -> None:
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
def test_what_is_not_there(browser: httpx.Client, page: str) -> None:
    answer = browser.get(page)
    assert answer.status_code == 404
    assert "does not exist in the PBX" in text_of(answer)


def palettes() -> Mapping[str, dict[str, str]]:
    css = (ROOT / "nodes/threecx_node/simulator/page/templates/style.css").read_text()
    light, dark = re.findall(r":root \{(.*?)\}", css, re.DOTALL)
    colour = re.compile(r"--([\w-]+): (#\w{6})")
    return {"light": dict(colour.findall(light)), "dark": dict(colour.findall(dark))}


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    ("ink", "paper"),
    [("ink", "page"), ("ink", "card"), ("ink", "hover"), ("ink", "code"), ("soft", "page"), ("soft", "card"),
     ("soft", "hover"), ("accent", "page"), ("accent", "card"), ("accent", "chosen"), ("accent", "hover"),
     ("soft", "chosen"), ("good", "card"), ("good", "hover"), ("good", "good-back"), ("bad", "bad-back"),
     ("get", "get-back"), ("change", "change-back")],
)  # fmt: skip
def test_every_text_stands_out_from_its_ground(scheme: str, ink: str, paper: str) -> None:
    palette = palettes()[scheme]
    one, other = sorted((luminance(palette[ink]), luminance(palette[paper])))
    assert (other + 0.05) / (one + 0.05) >= 4.5
