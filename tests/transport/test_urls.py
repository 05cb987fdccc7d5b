"""URLs of requests are read as yarl reads them as a whole."""

from __future__ import annotations

import pytest
import yarl

from threecx_node.transport.urls import UrlReader

SERVER = "https://pbx.example:5001"
URLS = (
    f"{SERVER}/xapi/v1/Users(4)",
    f"{SERVER}/xapi/v1/Users('a%2Fb')",
    f"{SERVER}/xapi/v1/Users?$top=5",
    f"{SERVER}/xapi/v1/Users?",
    f"{SERVER}/a/../b//c",
    f"{SERVER}/a#b",
    f"{SERVER}/",
    SERVER,
    "https://pbx.example:50010/xapi/v1/Users(4)",
    "https://pbx.example/xapi/v1/Users(4)",
    "http://pbx.example:5001/xapi/v1/Users(4)",
    "http://[::1]:5001/xapi/v1/Users(4)",
    "http://user:word@pbx.example:5001/xapi/v1/Users(4)",
)


@pytest.mark.parametrize("before", URLS)
def test_a_url_is_read_as_by_itself(before: str) -> None:
    reader = UrlReader()
    reader.read(before)
    for url in URLS:
        found, expected = reader.read(url), yarl.URL(url, encoded=True)
        assert found == expected
        assert str(found) == str(expected)
        assert found.raw_path_qs == expected.raw_path_qs
        assert (found.scheme, found.raw_host, found.port) == (
            expected.scheme,
            expected.raw_host,
            expected.port,
        )


def test_a_url_that_cannot_be_read_is_refused() -> None:
    reader = UrlReader()
    reader.read(URLS[0])
    with pytest.raises(ValueError, match="IPv6"):
        reader.read("http://[::1/xapi/v1/Users(4)")
