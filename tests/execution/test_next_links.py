"""Lists whose pages, next links and counts are not what was asked for: nothing is left out silently."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.support import FakePbx, run
from threecx_node.errors import ThreeCxError
from threecx_node.execution.results import Result

BASE = "https://pbx.example/xapi/v1"
Link = Callable[[int, int], str | None]
ALL = {"returnAll": True}


class Pages:
    """A list of `size` entities in pages of `cap`, whose next links are made by `link` from offset and `$top` left.

    `count` is what the server says about the size. `skips` says whether it follows `$skip`.
    """

    def __init__(
        self,
        size: int = 120,
        *,
        cap: int = 50,
        link: Link | None = None,
        count: int | None = None,
        skips: bool = True,
    ) -> None:
        self.size, self.cap, self.link, self.count, self.skips = size, cap, link, count, skips

    def __call__(self, request: httpx.Request) -> httpx.Response:
        params = request.url.params
        token = params.get("$skiptoken")
        start = int(token) if token else int(params.get("$skip", 0)) if self.skips else 0
        top = int(params.get("$top", 1000))
        rows = [{"Id": number} for number in range(start, min(start + min(top, self.cap), self.size))]
        body: dict[str, Any] = {"value": rows}
        if params.get("$count") == "true" and self.count is not None:
            body["@odata.count"] = self.count
        end = start + len(rows)
        if self.link is not None and end < self.size and len(rows) < top:
            body["@odata.nextLink"] = self.link(end, top - len(rows))
        return httpx.Response(200, json=body)


def read(
    server: Callable[[httpx.Request], httpx.Response], parameters: dict[str, Any] | None = None
) -> tuple[Result, FakePbx]:
    pbx = FakePbx(server)
    [result] = run(pbx, "ListUser", [{}], parameters or ALL).results
    return result, pbx


def ids(result: Result) -> list[int]:
    return [item["json"]["Id"] for item in result.items or ()]


def failed(result: Result) -> ThreeCxError:
    assert result.error is not None
    assert "\n" not in result.error.one_line()
    assert len(result.error.one_line()) < 800
    return result.error


LINKS: dict[str, Link] = {
    "absolute": lambda end, top: f"{BASE}/Users?$top={top}&$skip={end}",
    "another spelling": lambda end, top: f"HTTPS://PBX.example:443/xapi/v1/Users?%24top={top}&%24skip={end}",
    "from the root": lambda end, top: f"/xapi/v1/Users?$top={top}&$skip={end}",
    "relative": lambda end, top: f"Users?$top={top}&$skip={end}",
    "query alone": lambda end, top: f"?$top={top}&$skip={end}",
    "skiptoken": lambda end, top: f"{BASE}/Users?$top={top}&$skiptoken={end}",
    "skiptoken without a top": lambda end, _: f"Users?$skiptoken={end}",
    "spaces": lambda end, _: f"Users?$filter=Id ge 0 or Name eq 'ö'&$skiptoken={end}",
}


@pytest.mark.parametrize("count", [None, 120, 50, 0], ids=["no count", "count", "low count", "count of 0"])
@pytest.mark.parametrize("link", [None, *LINKS])
def test_pages_of_50_are_all_read(link: str | None, count: int | None) -> None:
    result, _ = read(Pages(link=LINKS[link] if link else None, count=count))
    assert result.error is None, result.error
    assert ids(result) == list(range(120))


@pytest.mark.parametrize("limit", [20, 70, 100, 110, 500])
@pytest.mark.parametrize("link", [None, "absolute", "skiptoken"])
def test_a_limit_over_the_servers_page_is_reached(link: str | None, limit: int) -> None:
    result, pbx = read(Pages(link=LINKS[link] if link else None), {"limit": limit})
    assert result.error is None
    assert ids(result) == list(range(120))[:limit]
    if limit == 20:
        assert len(pbx.requests) == 1


def test_a_server_that_follows_only_its_own_links() -> None:
    result, _ = read(Pages(link=LINKS["skiptoken without a top"], skips=False))
    assert result.error is None
    assert ids(result) == list(range(120))


def test_a_list_without_top_follows_its_links() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        second = "$skiptoken" in request.url.params
        link = {} if second else {"@odata.nextLink": f"{request.url}?$skiptoken=1"}
        return httpx.Response(200, json={**link, "value": [{"Id": int(second)}]})

    [result] = run(FakePbx(answer), "DownloadEventLogs", [{}], {}).results
    assert result.error is None, result.error
    assert ids(result) == [0, 1]


def test_the_rest_of_an_actions_list_is_read_by_get() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        link = {"@odata.nextLink": f"{BASE}/Users?$skiptoken=1"} if request.method == "POST" else {}
        return httpx.Response(200, json={**link, "value": [{"Id": request.method}]})

    pbx = FakePbx(answer)
    [result] = run(pbx, "GetDuplicatedEmails", [{}], {"emails": ["a@b.example"]}).results
    assert [item["json"]["Id"] for item in result.items or ()] == ["POST", "GET"]
    assert pbx.requests[1].content == b""


FOREIGN = {
    "another host": "https://evil.example/xapi/v1/Users?$skip=50",
    "plain HTTP": "http://pbx.example/xapi/v1/Users?$skip=50",
    "another port": "https://pbx.example:5001/xapi/v1/Users?$skip=50",
    "no scheme": "//evil.example/xapi/v1/Users?$skip=50",
    "user in front": "https://pbx.example@evil.example/xapi/v1/Users",
    "backslash": "https://evil.example\\@pbx.example/xapi/v1/Users",
    "another path": "https://pbx.example/admin/Users?$skip=50",
    "dots": "https://pbx.example/xapi/v1/%2e%2e/%2e%2e/connect/token",
    "no address": "https://[::1/xapi/v1",
    "a port that is not a number": "https://pbx.example:x/xapi/v1/Users",
    "a script": "javascript:alert(1)",
    "endless": "https://" + "e" * 100_000 + ".example/xapi/v1/Users",
    "control characters": "https://evil\x1b[31m.example/xapi/v1/Users",
}


@pytest.mark.parametrize("link", FOREIGN.values(), ids=FOREIGN)
def test_a_next_link_to_another_host_is_refused(link: str) -> None:
    result, pbx = read(Pages(link=lambda _end, _top: link))
    error = failed(result)
    assert error.code == "next_link"
    assert "https://pbx.example/xapi/v1" in error.message
    assert "\x1b" not in error.message
    assert ids(result) == list(range(50))
    assert len(pbx.requests) == 1


def test_the_message_names_both_addresses() -> None:
    result, _ = read(Pages(link=lambda end, _: f"http://10.0.0.5:5000/xapi/v1/Users?$skip={end}"))
    assert "http://10.0.0.5:5000" in failed(result).message
    assert "proxy" in failed(result).description


def test_a_link_that_is_too_long_is_not_sent() -> None:
    result, _ = read(Pages(link=lambda end, _: f"Users?$skip={end}&x={'x' * 70_000}"))
    assert failed(result).code == "unsendable"
    assert ids(result) == list(range(50))


CYCLES: dict[str, Link] = {
    "the same page twice": lambda _end, _top: f"{BASE}/Users?$skiptoken=0",
    "a cycle": lambda end, _: f"{BASE}/Users?$skiptoken={end % 100}",
    "always another token": lambda end, _: f"{BASE}/Users?$skiptoken=0&x={end}",
}


@pytest.mark.parametrize("link", CYCLES.values(), ids=CYCLES)
def test_endless_next_links_end_with_an_error(link: Link) -> None:
    result, pbx = read(Pages(10_000, link=link, count=10_000))
    assert failed(result).code == "paging"
    assert len(ids(result)) == len(set(ids(result)))
    assert ids(result)[:50] == list(range(50))
    assert len(pbx.requests) < 10


def test_endless_empty_pages_end_with_an_error() -> None:
    number = iter(range(1_000_000))

    def answer(_: httpx.Request) -> httpx.Response:
        link = f"Users?$skiptoken={next(number)}"
        return httpx.Response(200, json={"value": [], "@odata.nextLink": link})

    result, pbx = read(answer)
    assert failed(result).code == "paging"
    assert len(pbx.requests) < 50


@pytest.mark.parametrize("count", [121, 5_000, 10**15])
@pytest.mark.parametrize("parameters", [ALL, {"limit": 4_000}, {"limit": 100, "$skip": 40}])
def test_a_count_that_is_too_high_is_an_error(count: int, parameters: dict[str, Any]) -> None:
    result, pbx = read(Pages(count=count), parameters)
    skip = parameters.get("$skip", 0)
    assert ids(result) == list(range(120))[skip:]
    assert f"counts {count - skip} entities, but returned {120 - skip}" in failed(result).message
    assert len(pbx.requests) < 20


def test_a_count_in_an_empty_page_is_an_error() -> None:
    result, _ = read(lambda _: httpx.Response(200, json={"@odata.count": 7, "value": []}))
    assert "counts 7 entities, but returned 0" in failed(result).message


def test_a_count_may_be_a_text() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        rows = [] if "$skip" in request.url.params else [{"Id": 1}]
        return httpx.Response(200, json={"@odata.count": "9", "value": rows})

    assert "counts 9 entities, but returned 1" in failed(read(answer)[0]).message


def test_a_short_list_that_ignores_skip_is_whole() -> None:
    result, pbx = read(Pages(30, skips=False))
    assert result.error is None
    assert ids(result) == list(range(30))
    assert len(pbx.requests) == 2


def test_a_page_that_fails_leaves_the_pages_before_it() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if int(request.url.params.get("$skip", 0)) >= 200:
            return httpx.Response(500, json={"error": {"message": "broken"}})
        return Pages(1000, cap=100, count=1000)(request)

    result, _ = read(answer)
    assert failed(result).http_code == 500
    assert ids(result) == list(range(200))
    assert set(result.to_json()) == {"items", "error", "attempts"}


def test_a_next_page_that_is_not_a_list_is_an_error() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if "$skip" in request.url.params:
            return httpx.Response(200, json={"Id": 5})
        return Pages()(request)

    result, _ = read(answer)
    assert "other than a list" in failed(result).message
    assert ids(result) == list(range(50))
