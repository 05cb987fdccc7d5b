"""Read any expression of an HTTP Request node: the result is a conversion or a reason, never another error."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.n8n.migrate.generated import CATALOG
from tests.n8n.migrate.http_requests import flow, http_node, json_body
from threecx_node.n8n.migrate import migrate

PIECES = st.sampled_from(
    ["{{", "}}", "{", "}", "(", ")", "[", "]", "'", '"', "`", "${", "\\", "/", "//", "/*", "*/", "+", ",", ":", "...",
     "?", "=", "$json.Id", "a", "1", " ", "\n", "JSON.stringify", "encodeURIComponent", "/xapi/v1/Users", "?$filter=",
     "&", "%28", "%", "@p", "\ue000", "\ud800"]
)  # fmt: skip
TEXTS = st.lists(PIECES, max_size=25).map("".join)


@given(TEXTS, TEXTS)
def test_any_expression_is_converted_or_left_with_a_reason(url: str, body: str) -> None:
    node = http_node(f"=https://pbx/xapi/v1/Users({url}", "PATCH", **json_body(f"={body}"))
    [report] = migrate(flow(node), CATALOG).reports
    assert bool(report.operation) != bool(report.problems)


@given(TEXTS)
def test_any_code_in_a_url_or_a_body_is_read(code: str) -> None:
    node = http_node(
        f"={{{{ 'https://pbx/xapi/v1/Users(' + {code} }}}}",
        "PATCH",
        **json_body(f"={{{{ {{ a: {code} }} }}}}"),
    )
    for report in migrate(flow(node), CATALOG).reports:
        assert bool(report.operation) != bool(report.problems)
