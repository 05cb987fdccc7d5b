"""Build the subtitle of the node with all operations: the operation's name in its list, and the resource.

n8n evaluates it for each node on the canvas. A table of all names would be a tenth of the node, so rules make most of
them from the id ("ResetQueueStatistics" of "Queues" is "Reset Statistics"), and a table has the others.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

# Replaced in an id without the name of its resource: patterns that JavaScript and Python read alike, and what comes
# in their place. All but the one with the words of the id are replaced once.
_RULES = (
    (r"^List", "GetMany"),
    (r"^(Bulk|Batch).*Delete.*", "DeleteMany"),
    (r"^Set(.*Settings)", "Update$1"),
    (r"^Init", "PrepareNew"),
    (r"^(System|Network|Service)(?=[A-Z])", "Get$1"),
    (r"^(.+)(Participant|Weblink|Addr|Property)$", "$1"),
)
_REPORT = (r"^(Get|Download).*", "$1Report")
_WORDS = (r"([a-z\d])([A-Z])|([A-Z])(?=[A-Z][a-z])", "$1$3 $2")
_CAPITALS = r"\b(Dn|Api|Crm|Iam|Sftp|Sms|Id|Ai|Fqdn|Mcu|Ip)(?=s?\b)"
_SMALL = r"\b(By|For|To|Of)\b"


def build_subtitle(operations: Iterable[tuple[str, str, str]]) -> str:
    """Return an expression for "NAME: RESOURCE"; `operations` are the resource, the id and the name of each."""
    others = {
        operation_id: name
        for resource, operation_id, name in operations
        if _name(resource, operation_id) != name
    }
    rules = "".join(f".replace(/{pattern}/,{json.dumps(to)})" for pattern, to in _RULES)
    split = f".replace(/{_WORDS[0]}/g,{json.dumps(_WORDS[1])})"
    cased = f".replace(/{_CAPITALS}/g,w=>w.toUpperCase()).replace(/{_SMALL}/g,w=>w.toLowerCase()).trim()"
    report = f"/^Report[^G]/.test(r)?o.replace(/{_REPORT[0]}/,{json.dumps(_REPORT[1])})"
    short = 'o.replace(r,"").replace(r.replace(/s$/,"").replace(/ie$/,"y"),"")'
    named = f"({json.dumps(others, separators=(',', ':'))})[o]??({report}:{short}{rules}){split}{cased}"
    parameters = '$parameter["operation"],$parameter["resource"]'
    return f'={{{{ ((o,r)=>({named})+": "+r{split})({parameters}) }}}}'


def _name(resource: str, operation_id: str) -> str:
    """Return the name that the rules make, as the expression does."""
    if re.match(r"Report[^G]", resource):
        text = _replace(operation_id, _REPORT)
    else:
        one = re.sub(r"ie$", "y", re.sub(r"s$", "", resource))
        text = operation_id.replace(resource, "", 1).replace(one, "", 1)
        for rule in _RULES:
            text = _replace(text, rule)
    text = _replace(text, _WORDS, count=0)
    text = re.sub(_CAPITALS, lambda found: found[0].upper(), text)
    return re.sub(_SMALL, lambda found: found[0].lower(), text).strip()


def _replace(text: str, rule: tuple[str, str], *, count: int = 1) -> str:
    pattern, to = rule
    return re.sub(pattern, re.sub(r"\$(\d)", r"\\g<\1>", to), text, count=count)
