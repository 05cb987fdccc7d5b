"""What a canvas tells before a node runs: uses that are allowed and seldom meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ...descriptor.models import Hint

# Parameters that a canvas does not show are undefined there, so what stands for one kind of operation needs no list.
_SEVERAL = "$input.all().length > 1"
_SENDS = '$parameter["options"]?.dryRun !== true'
_READS_OR_CHANGES = '/^(Get|List|Download|Export|Has|Is|Delete|Update)/.test($parameter["operation"])'
# n8n writes an expression as a text that begins with "=".
_SAME_FOR_ALL = """!/:"=|autoMapInputData/.test(JSON.stringify($rawParameter))"""
_CHANGES = '/^(Delete|Update)/.test($parameter["operation"])'

HINTS: list[Hint] = [
    {
        "message": "All input items work on this one entry. "
        "To work on the entry of each item, choose By ID and give an expression such as {{ $json.Id }}.",
        "type": "warning",
        "location": "ndv",
        "whenToDisplay": "beforeExecution",
        # Of a locator it is the value alone, an expression not yet resolved.
        "displayCondition": f'={{{{ {_SEVERAL} && {_CHANGES} && $rawParameter["Id"]'
        ' && !String($rawParameter["Id"]).startsWith("=") }}',
    },
    {
        "message": "Deletes one entry per input item, whatever happened to it since it was read. "
        'Fill in If Match with each entry\'s ETag, {{ $json["@odata.etag"] }}, '
        "or look at the requests first: Options > Dry Run.",
        "type": "warning",
        "location": "ndv",
        "whenToDisplay": "beforeExecution",
        "displayCondition": f'={{{{ {_SEVERAL} && $parameter["If-Match"] === "" && {_SENDS} }}}}',
    },
    {
        "message": "Runs once for each input item, with the same values each time. "
        "To run it once, switch on Execute Once in the node's settings.",
        "type": "warning",
        "location": "ndv",
        "whenToDisplay": "beforeExecution",
        "displayCondition": f"={{{{ {_SEVERAL} && !{_READS_OR_CHANGES} && {_SENDS} && {_SAME_FOR_ALL} }}}}",
    },
    {
        "message": "Sends every field of the input item that 3CX knows, changed or not. "
        "Map the fields by hand to send only those.",
        "type": "info",
        "location": "ndv",
        "whenToDisplay": "beforeExecution",
        "displayCondition": '={{ /^Update/.test($parameter["operation"])'
        ' && $parameter["body"]?.mappingMode === "autoMapInputData" }}',
    },
]
