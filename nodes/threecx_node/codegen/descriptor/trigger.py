"""Build the trigger: its events and filters come from the table of the types of events."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from threecx_credentials.form import CREDENTIAL_TYPE

from ...events.model.event_types import EVENT_TYPES, GROUP_TITLES
from ...events.model.filters import DIRECTIONS, SEVERITIES
from .common_properties import SIMPLIFY
from .hints import TRIGGER_SEARCH_HINT
from .list_texts import CHOOSE_SOME
from .locators import NOTHING_CHOSEN, draft_modes, draft_written_mode

if TYPE_CHECKING:
    from ...descriptor.definition import Choice, Definition, NodeProperty
    from ...events.model.event_types import FilterField

# The icon is in the folder of the node with all operations.
ICON = {"light": "file:threecx.svg", "dark": "file:threecx.dark.svg"}
ICON_OF_OTHERS = {name: each.replace("file:", "file:../ThreeCx/") for name, each in ICON.items()}

_OPTIONS: NodeProperty = {
    "displayName": "Options",
    "name": "options",
    "type": "collection",
    "placeholder": "Add Option",
    "default": {},
    "options": [
        {
            "displayName": "N8n URL",
            "name": "n8nUrl",
            "type": "string",
            "default": "",
            "placeholder": "e.g. http://n8n:5678",
            "description": "Address at which the executor reaches n8n, if it is not the one that n8n uses for all "
            "webhooks (WEBHOOK_URL)",
        },
        {
            "displayName": "Sample When Testing",
            "name": "sendSample",
            "type": "boolean",
            "default": False,
            "description": "Whether listening for a test event returns a sample of the first chosen event at once, "
            "instead of waiting for a real one",
        },
    ],
}
_RIGHTS: NodeProperty = {
    "displayName": "Rights of the Client",
    "name": "rights",
    "type": "options",
    "typeOptions": {"loadOptionsMethod": "getRights", "loadOptionsDependsOn": ["events", "filters"]},
    "displayOptions": {"hide": {"events": [{"_cnd": {"eq": ""}}]}},
    "default": "",
    "description": "Whether the PBX gives the API client the rights that the chosen events need. "
    "There is nothing to choose here.",
}


def build_trigger() -> Definition:
    """Return the trigger; its panel and its webhook are in the code of the node."""
    return {
        "displayName": "3CX Trigger",
        "name": "threeCxPhoneSystemTrigger",
        "icon": ICON_OF_OTHERS,
        "group": ["trigger"],
        "version": 1,
        "subtitle": _build_subtitle(),
        # n8n's panel shows it as the description of the node 3CX, with which it lists the trigger.
        "description": "Events, users, calls, contacts, queues and recordings of a 3CX phone system",
        "eventTriggerDescription": "Waiting for one of the chosen events in 3CX, such as a call",
        "activationMessage": "Each of the chosen events in 3CX will now start this workflow.",
        "defaults": {"name": "3CX Trigger"},
        "builderHint": {"searchHint": TRIGGER_SEARCH_HINT},
        "inputs": [],
        "outputs": ["main"],
        "credentials": [{"name": CREDENTIAL_TYPE["name"], "required": True}],
        "properties": [_build_events(), _RIGHTS, _build_filters(), SIMPLIFY, _OPTIONS],
    }


def _build_subtitle() -> str:
    """Return an expression for the names of the chosen events, the same words as in their list."""
    names = {each.name: _to_title_case(each.title) for each in EVENT_TYPES.values()}
    return (
        f'={{{{ $parameter["events"].map(e=>({json.dumps(names, separators=(",", ":"))})[e]).join(", ") }}}}'
    )


def _build_events() -> NodeProperty:
    # In the order of their groups: n8n has no headings within a list.
    choices: list[Choice] = [
        {
            "name": _to_title_case(each.title),
            "value": each.name,
            "description": f"{title}: {each.description}",
        }
        for group, title in GROUP_TITLES.items()
        for each in EVENT_TYPES.values()
        if each.group == group
    ]
    return {
        "displayName": "Events",
        "name": "events",
        "type": "multiOptions",
        "required": True,
        "options": choices,
        "default": [],
        "description": "The events that start the workflow",
    }


def _build_filters() -> NodeProperty:
    filters: list[tuple[FilterField, NodeProperty]] = [
        (
            "direction",
            {
                "displayName": "Direction",
                "name": "direction",
                "type": "options",
                "options": _list_choices(DIRECTIONS),
                "default": "inbound",
                "description": "Direction of the call",
            },
        ),
        (
            "extensions",
            {
                "displayName": "Extension Names or IDs",
                "name": "extensions",
                "type": "multiOptions",
                "typeOptions": {"loadOptionsMethod": "getExtensions"},
                "default": [],
                "description": f"Extensions of which one takes part. {CHOOSE_SOME}",
            },
        ),
        (
            "severity",
            {
                "displayName": "Minimum Severity",
                "name": "severity",
                "type": "options",
                "options": _list_choices(SEVERITIES),
                "default": "warning",
                "description": "Lowest severity of the entries of the event log",
            },
        ),
        (
            "number",
            {
                "displayName": "Number",
                "name": "number",
                "type": "string",
                "default": "",
                "placeholder": "e.g. +49 30*",
                "description": 'Number of a party, or the DID. "*" at the start or the end stands for any digits; '
                "blanks do not matter.",
            },
        ),
        (
            "group",
            {
                "displayName": "Queue or Ring Group",
                "name": "group",
                "type": "resourceLocator",
                "default": NOTHING_CHOSEN,
                "modes": draft_modes(
                    "searchGroups", draft_written_mode("By Number or Name", "name", "e.g. 800")
                ),
                "description": "Queue or ring group by number. For the event log, the group of the entry.",
            },
        ),
    ]
    return {
        "displayName": "Filters",
        "name": "filters",
        "type": "collection",
        "placeholder": "Add Filter",
        "default": {},
        "description": "Only events that pass all filters start the workflow. "
        "A filter applies to the events that have its field.",
        "options": [_show_for_events(field, each) for field, each in filters],
    }


def _show_for_events(field: FilterField, draft: NodeProperty) -> NodeProperty:
    events = [each.name for each in EVENT_TYPES.values() if field in each.filters]
    return {**draft, "displayOptions": {"show": {"/events": events}}}


def _list_choices(values: tuple[str, ...]) -> list[Choice]:
    return [{"name": _to_title_case(each), "value": each} for each in values]


def _to_title_case(text: str) -> str:
    return re.sub(r"(^|\s)([a-z])", lambda found: found[1] + found[2].upper(), text)
