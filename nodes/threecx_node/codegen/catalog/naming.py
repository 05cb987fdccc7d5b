"""Texts for people, made from 3CX's names by rules; `overrides.json` holds what people decided better.

`name` stands in a list of one resource's operations ("Delete"), `action` stands alone ("Delete a call flow
app"). No text is taken from an OpenAPI document.
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...catalog.labels import join_title, lower_words, phrase_of, split_words, title_of

if TYPE_CHECKING:
    from collections.abc import Mapping

OVERRIDES = Path(__file__).with_name("overrides.json")

_REPORT = "Report"
_FIRST_SET = re.compile(r"^/(?P<set>\w+)(?P<key>\([^()]*\))?(?:/(?P<rest>.+))?$")
# Acronyms that are read as words; the others are read letter by letter.
_SPOKEN = frozenset(("LAN", "MAC", "PIN", "RAM", "SIP", "SIPS"))
_VOWEL_LETTERS = "AEFHILMNORSX"
_SOUNDS_LIKE_YOU_OR_WON = re.compile(r"us|uni|one|eu", re.IGNORECASE)
# Verbs whose object is one of many: "Delete a vector store", but "Get the system parameters".
_MAKING = frozenset(
    ("Add", "Create", "Delete", "Make", "Reboot", "Remove", "Revoke", "Send", "Update", "Upgrade")
)

Texts = dict[str, str]


@cache
def overrides() -> dict[str, Any]:
    """The human decisions: `resources`, `operations` and `parameters`, each text by its 3CX name."""
    read: dict[str, Any] = json.loads(OVERRIDES.read_text(encoding="utf-8"))
    return read


def resources(operations: Mapping[str, Any]) -> dict[str, Texts]:
    """`{"CallFlowApps": {"name": "Call Flow Apps", "singular": "call flow app"}}`, sorted by id.

    The singular of something that a PBX has once ("mail settings") is its whole name.
    """
    decided = overrides()["resources"]
    singletons = {entry["resource"] for entry in operations.values() if _is_singleton(entry)}
    made = {}
    for resource in sorted({entry["resource"] for entry in operations.values()}):
        whole = phrase_of(resource)
        if resource.startswith(_REPORT):
            one = f"{phrase_of(resource.removeprefix(_REPORT))} report"
        else:
            one = whole if resource in singletons else singular(whole)
        made[resource] = {"name": title_of(resource), "singular": one, **decided.get(resource, {})}
    return made


def operations(merged: Mapping[str, Any]) -> dict[str, Texts]:
    """`name`, `action` and, where they do not say enough, `description` of every operation."""
    decided = overrides()["operations"]
    of_resource = resources(merged)
    made = {}
    for operation_id, entry in merged.items():
        rule = _texts(operation_id, entry, of_resource[entry["resource"]])
        made[operation_id] = {**rule, **decided.get(operation_id, {})}
    return made


def singular(plural: str) -> str:
    """Of an English plural; a word that is none comes back as it is."""
    if plural.endswith("ies"):
        return plural[:-3] + "y"
    if re.search(r"(ss|x|ch|sh)es$", plural):
        return plural[:-2]
    return plural if re.search(r"(ss|us|is)$", plural) else plural.removesuffix("s")


def plural(noun: str) -> str:
    """Of an English noun; a plural comes back as it is."""
    if re.search(r"[^aeiou]y$", noun):
        return noun[:-1] + "ies"
    if re.search(r"(ss|x|ch|sh)$", noun):
        return noun + "es"
    return noun if noun.endswith("s") else noun + "s"


def with_article(noun: str) -> str:
    """`a user`, `an email template`, `an FXS gateway`, `a SIP device`, `a URL`."""
    first = noun.split()[0]
    if first.isupper() and first not in _SPOKEN:
        vowel = first[0] in _VOWEL_LETTERS
    else:
        vowel = first[0].lower() in "aeiou" and not _SOUNDS_LIKE_YOU_OR_WON.match(first)
    return f"{'an' if vowel else 'a'} {noun}"


def _is_singleton(entry: Mapping[str, Any]) -> bool:
    return entry["kind"] == "get" and "(" not in entry["versions"][-1]["path"]


def _texts(operation_id: str, entry: Mapping[str, Any], resource: Texts) -> Texts:
    one, kind, path = resource["singular"], entry["kind"], entry["versions"][-1]["path"]
    match = _FIRST_SET.match(path)
    key, rest = (match["key"], match["rest"]) if match else (None, None)
    if kind == "list":
        return _list_texts(one, key, rest)
    if kind == "get" and key and "=" in key:
        by = title_of(key[1:].partition("=")[0])
        return {"name": f"Get by {by}", "action": f"Get {with_article(one)} by {by.lower()}"}
    if kind in ("get", "create", "update", "delete"):
        verb = kind.capitalize()
        return {
            "name": verb,
            "action": f"{verb} {with_article(one) if key or kind == 'create' else f'the {one}'}",
        }
    if entry["resource"].startswith(_REPORT):
        verb = "Download" if operation_id.startswith("Download") else "Get"
        return {"name": f"{verb} Report", "action": f"{verb} the {one}"}
    return _call_texts(operation_id, one, bound=bool(key))


def _list_texts(one: str, key: str | None, rest: str | None) -> Texts:
    if rest is None:
        return {"name": "Get Many", "action": f"Get many {plural(one)}"}
    nested = split_words(rest)
    owner = f"Get {with_article(one)}'s" if key else f"Get the {one}'s"
    return {"name": f"Get Many {join_title(nested)}", "action": f"{owner} {' '.join(lower_words(nested))}"}


def _call_texts(operation_id: str, one: str, *, bound: bool) -> Texts:
    """Of a function or an action: its own words, an article, and whose it is where a key says so."""
    parts = split_words(operation_id)
    verb, rest = parts[0], lower_words(parts[1:])
    noun = " ".join(rest)
    if not noun:
        action = f"{verb} {with_article(one) if bound else f'the {one}'}"
    elif verb in _MAKING and not noun.endswith("s"):
        action = f"{verb} {with_article(noun)}"
    else:
        action = f"{verb} the {noun}"
    if bound and noun and one not in action.lower():
        action += f" of {with_article(one)}"
    return {"name": join_title(parts), "action": action}
