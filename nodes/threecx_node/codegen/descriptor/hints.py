"""Hints that a canvas shows before a node runs: uses that are allowed but rarely intended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from ...descriptor.definition import Hint

# A parameter that the canvas does not show is undefined, so a condition needs no list of operations.
_SEVERAL = "$input.all().length > 1"
_SENDS = '$parameter["options"]?.dryRun !== true'
_READS_OR_CHANGES = '/^(Get|List|Download|Export|Has|Is|Delete|Update)/.test($parameter["operation"])'
# In n8n an expression is a text that begins with "=".
_SAME_FOR_ALL = """!/:"=|autoMapInputData/.test(JSON.stringify($rawParameter))"""
_CHANGES = '/^(Delete|Update)/.test($parameter["operation"])'


def _draft_hint(message: str, condition: str, kind: Literal["warning", "info"] = "warning") -> Hint:
    """Return a hint beside the parameters; `condition` is the code by which a canvas displays it."""
    return {
        "message": message,
        "type": kind,
        "location": "ndv",
        "whenToDisplay": "beforeExecution",
        "displayCondition": f"={{{{ {condition} }}}}",
    }


_ONE_ENTRY = _draft_hint(
    "All input items use this one entry. "
    "To use the entry of each item, choose By ID and set an expression such as {{ $json.Id }}.",
    # Of a locator, the raw parameter is its value: an expression that is not resolved yet.
    f'{_SEVERAL} && {_CHANGES} && $rawParameter["Id"] && !String($rawParameter["Id"]).startsWith("=")',
)
_DELETES_CHANGED = _draft_hint(
    "Deletes one entry per input item, even if the entry was changed after it was read. "
    'To keep changed entries, set If Match to {{ $json["@odata.etag"] }}. '
    "To see the requests first, turn on Options > Dry Run.",
    f'{_SEVERAL} && $parameter["If-Match"] === "" && {_SENDS}',
)
_SAME_VALUES = _draft_hint(
    "Runs once for each input item, with the same values each time. "
    "To run it once, turn on Execute Once in the node's settings.",
    f"{_SEVERAL} && !{_READS_OR_CHANGES} && {_SENDS} && {_SAME_FOR_ALL}",
)
_QUOTED_EXPRESSION = _draft_hint(
    "Filter (OData) contains an expression between quotes: a quote in its value ends the text there and "
    "changes the filter. Use Filters instead, or double the quotes in the value.",
    "/^=(?!.*replace)[^']*('[^']*'[^']*)*'[^']*[{][{]/"
    '.test(String($rawParameter["options"]?.["$filter"] ?? ""))',
)
_OLD_HISTORY = _draft_hint(
    "The call history gets no calls since 3CX 20.0.6. Read calls with Report: Call Log Data.",
    '/CallHistory/.test($parameter["operation"])',
)
_SORTED_LOG = _draft_hint(
    "Sorting a call log drops the newest rows. Leave Options > Order By empty.",
    '/CallLog/.test($parameter["operation"]) && $parameter["options"]?.["$orderby"]?.length > 0',
)
_ALL_FIELDS = _draft_hint(
    "Sends every field of the input item that 3CX knows, changed or not. "
    "To send only some fields, map them manually.",
    '/^Update/.test($parameter["operation"]) && $parameter["body"]?.mappingMode === "autoMapInputData"',
    "info",
)

HINTS: list[Hint] = [
    _ONE_ENTRY,
    _DELETES_CHANGED,
    _SAME_VALUES,
    _QUOTED_EXPRESSION,
    _OLD_HISTORY,
    _SORTED_LOG,
    _ALL_FIELDS,
]
"""The hints of the node with all operations."""

# It has tasks, which repeat nothing that is done already, and If Match among its options.
EVERYDAY_HINTS: list[Hint] = [_ONE_ENTRY, _SAME_VALUES]
"""The hints of the everyday node."""

# For n8n's AI workflow builder, which reads them when it looks for a node.
ADMIN_SEARCH_HINT = "For what the node 3CX lacks: trunks, rules, reports, prompts, backups, settings."
TRIGGER_SEARCH_HINT = (
    "Starts a workflow when something happens in a 3CX phone system. Choose one event or several."
)
