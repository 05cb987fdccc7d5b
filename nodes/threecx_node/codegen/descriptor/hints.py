"""Hints that a canvas shows before a node runs: uses that are allowed but rarely intended."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ...descriptor.definition import Hint

# A parameter that the canvas does not show is undefined, so a condition needs no list of operations.
_SEVERAL = "$input.all().length > 1"
_SENDS = '$parameter["options"]?.dryRun !== true'
_READS_OR_CHANGES = '/^(Get|List|Download|Export|Has|Is|Delete|Update)/.test($parameter["operation"])'
# In n8n an expression is a text that begins with "=".
_SAME_FOR_ALL = """!/:"=|autoMapInputData/.test(JSON.stringify($rawParameter))"""
_CHANGES = '/^(Delete|Update)/.test($parameter["operation"])'

HINTS: list[Hint] = [
    {
        "message": "All input items use this one entry. "
        "To use the entry of each item, choose By ID and set an expression such as {{ $json.Id }}.",
        "type": "warning",
        "location": "ndv",
        "whenToDisplay": "beforeExecution",
        # Of a locator, the raw parameter is its value: an expression that is not resolved yet.
        "displayCondition": f'={{{{ {_SEVERAL} && {_CHANGES} && $rawParameter["Id"]'
        ' && !String($rawParameter["Id"]).startsWith("=") }}',
    },
    {
        "message": "Deletes one entry per input item, even if the entry was changed after it was read. "
        'To keep changed entries, set If Match to {{ $json["@odata.etag"] }}. '
        "To see the requests first, turn on Options > Dry Run.",
        "type": "warning",
        "location": "ndv",
        "whenToDisplay": "beforeExecution",
        "displayCondition": f'={{{{ {_SEVERAL} && $parameter["If-Match"] === "" && {_SENDS} }}}}',
    },
    {
        "message": "Runs once for each input item, with the same values each time. "
        "To run it once, turn on Execute Once in the node's settings.",
        "type": "warning",
        "location": "ndv",
        "whenToDisplay": "beforeExecution",
        "displayCondition": f"={{{{ {_SEVERAL} && !{_READS_OR_CHANGES} && {_SENDS} && {_SAME_FOR_ALL} }}}}",
    },
    {
        "message": "Filter (OData) contains an expression between quotes: a quote in its value ends the text there and "
        "changes the filter. Use Filters instead, or double the quotes in the value.",
        "type": "warning",
        "location": "ndv",
        "whenToDisplay": "beforeExecution",
        "displayCondition": "={{ /^=(?!.*replace)[^']*('[^']*'[^']*)*'[^']*[{][{]/"
        '.test(String($rawParameter["options"]?.["$filter"] ?? "")) }}',
    },
    {
        "message": "The call history gets no calls since 3CX 20.0.6. Read calls with Report: Call Log Data.",
        "type": "warning",
        "location": "ndv",
        "whenToDisplay": "beforeExecution",
        "displayCondition": '={{ /CallHistory/.test($parameter["operation"]) }}',
    },
    {
        "message": "Sorting a call log drops the newest rows. Leave Options > Order By empty.",
        "type": "warning",
        "location": "ndv",
        "whenToDisplay": "beforeExecution",
        "displayCondition": '={{ /CallLog/.test($parameter["operation"])'
        ' && $parameter["options"]?.["$orderby"]?.length > 0 }}',
    },
    {
        "message": "Sends every field of the input item that 3CX knows, changed or not. "
        "To send only some fields, map them manually.",
        "type": "info",
        "location": "ndv",
        "whenToDisplay": "beforeExecution",
        "displayCondition": '={{ /^Update/.test($parameter["operation"])'
        ' && $parameter["body"]?.mappingMode === "autoMapInputData" }}',
    },
]

# For n8n's AI workflow builder, which reads them when it looks for a node.
ADMIN_SEARCH_HINT = "For what the node 3CX lacks: trunks, rules, reports, prompts, backups, settings."
TRIGGER_SEARCH_HINT = (
    "Starts a workflow when something happens in a 3CX phone system. Choose one event or several."
)

# The everyday node has tasks, which repeat nothing that is done already, and If Match among its options.
EVERYDAY_HINTS: list[Hint] = [each for each in HINTS if "If Match" not in each["message"]][:2]
