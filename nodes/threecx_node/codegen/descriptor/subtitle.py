"""The subtitle of the node with all operations: the operation's name in its list, and the resource.

n8n evaluates it for each node on the canvas. A table of all names would be a tenth of the node, so rules make the
name from the id: "ResetQueueStatistics" of "Queues" is "Reset Statistics", and "ListUser" of "Users" is "Get Many".
Names that were written by hand and follow no rule differ.
"""

from __future__ import annotations

# Words of an id; "$1$3 $2" puts a blank between two of them.
_SPLIT = '.replace(/([a-z\\d])([A-Z])|([A-Z])(?=[A-Z][a-z])/g,"$1$3 $2")'
_RULES = (
    '.replace(r,"").replace(r.replace(/s$/,"").replace(/ie$/,"y"),"")'
    '.replace(/^List/,"GetMany").replace(/^(Bulk|Batch).*Delete$/,"DeleteMany").replace(/^Set(.*Settings)/,"Update$1")'
    '.replace(/(.)(Participant|Weblink|Addr|Property)$/,"$1")'
)
_REPORT = '/^Report[^G]/.test(r)?o.replace(/^(Get|Download).*/,"$1Report")'
SUBTITLE = (
    f'={{{{ ((o,r)=>({_REPORT}:o{_RULES}){_SPLIT}.trim()+": "+r{_SPLIT})'
    '($parameter["operation"],$parameter["resource"]) }}'
)
