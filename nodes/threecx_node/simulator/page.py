"""The page at `/`: what the PBX holds and what was asked of it, for people with a browser. It changes nothing.

Everything is under the one path, chosen by its query:

    /                                overview: calls, the last requests
    /?set=Users&search=ann&skip=50   a set, 50 entities at a time
    /?set=Users&key=12               an entity
    /?singleton=SystemStatus         a singleton
    /?requests=all                   the last 200 requests
    /?request=17                     one of them

A page's ETag is the version of the state and of the list of requests, so that asking again and again, as the
open page does, costs next to nothing while nothing happens.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, QueryParams
from starlette.responses import HTMLResponse, PlainTextResponse, Response

from .page_guard import is_local
from .page_requests import detail_of, row_of
from .page_sets import Cell, columns, grouped, label, matches, parts_of, short_cell, title_of
from .refusals import Refusal
from .wire import key_literal

if TYPE_CHECKING:
    from .pbx import Pbx
    from .recorder import Recorder
    from .state import Entity, Key
    from .wire import Receive, Scope, Send

PAGE_SIZE = 50
_OVERVIEW_REQUESTS = 12
_SET_REQUESTS = 6
_ALL_REQUESTS = 200
# Longer than this nobody waits for the search of an endless call history, and the PBX has other things to do.
_SEARCH_SECONDS = 1.0

_NOT_LOCAL = """\
This page is for browsers on the machine that the simulator runs on, at http://localhost or http://127.0.0.1.
Start the simulator with --public-page to show it to everybody who can reach it.
"""


class _NothingHere(Exception):  # noqa: N818 - it is an answer
    """What was asked for is not there, or not any more."""


@dataclass(frozen=True, slots=True)
class SetLink:
    """A set or singleton in the navigation; a singleton has no count."""

    name: str
    title: str
    href: str
    count: int | None
    current: bool


@dataclass(frozen=True, slots=True)
class TableRow:
    """A row of entities; `href` is empty where nothing names the entity."""

    id: str
    href: str
    cells: list[Cell]


@dataclass(frozen=True, slots=True)
class _Rows:
    """A page of a set: where it begins among what was `found`, how much was `searched` of how much there is."""

    entities: list[Entity]
    skip: int
    found: int
    searched: int
    everything: int


class Page:
    """The ASGI application behind `/`; made when the first browser comes."""

    def __init__(self, pbx: Pbx, recorder: Recorder, *, public: bool) -> None:
        self._pbx = pbx
        self._recorder = recorder
        self._public = public
        # So that a page which was open before a restart does not take the new state for the old one.
        self._run = secrets.token_hex(4)
        self._templates = Environment(
            loader=FileSystemLoader(Path(__file__).with_name("templates")),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a browser's GET or HEAD of `/`."""
        if not self._public and not is_local(scope):
            await PlainTextResponse(_NOT_LOCAL, 403)(scope, receive, send)
            return
        # In a thread: to search 200,000 rows takes a moment, in which clients want their answers too.
        answer = await run_in_threadpool(self._answer, scope)
        await answer(scope, receive, send)

    def _answer(self, scope: Scope) -> Response:
        tag = f'W/"{self._run}-{self._pbx.store.version}-{self._recorder.revision}"'
        if Headers(scope=scope).get("if-none-match") == tag:
            return Response(status_code=304, headers={"etag": tag})
        query = QueryParams(scope["query_string"])
        nonce = secrets.token_urlsafe(16)
        status = 200
        try:
            template, values = self._content(query)
        except (_NothingHere, Refusal):
            status, template, values = 404, "gone.html", {"title": "Not here", "set": query.get("set", "")}
        common = {
            "nonce": nonce,
            "tag": tag,
            "release": self._pbx.model.release,
            "version": self._pbx.version,
        }
        html = self._templates.get_template(template).render(**common, **self._navigation(query), **values)
        return HTMLResponse(html, status, headers=_headers(nonce, tag))

    def _content(self, query: QueryParams) -> tuple[str, dict[str, Any]]:
        if name := query.get("set"):
            return self._entity(name, query["key"]) if "key" in query else self._set(name, query)
        if name := query.get("singleton"):
            return self._singleton(name)
        if number := query.get("request"):
            return self._request(number)
        if "requests" in query:
            requests = [row_of(seen) for seen in self._recorder.latest(_ALL_REQUESTS)]
            return "requests.html", {"title": "Requests", "requests": requests, "total": self._recorder.total}
        return self._overview()

    def _navigation(self, query: QueryParams) -> dict[str, Any]:
        shown = query.get("set") or query.get("singleton")
        with self._pbx.store.lock:
            counts = {name: len(self._pbx.views.records(name)) for name in self._pbx.model.sets}
        groups = {
            title: [
                SetLink(name, title_of(name), _href(set=name), counts[name], name == shown) for name in names
            ]
            for title, names in grouped(counts).items()
        }
        singletons = [
            SetLink(name, title_of(name), _href(singleton=name), None, name == shown)
            for name in sorted(self._pbx.model.singletons)
        ]
        where = "requests" if {"requests", "request"} & query.keys() else "" if shown else "overview"
        return {"groups": groups, "singletons": singletons, "where": where, "held": sum(counts.values())}

    def _overview(self) -> tuple[str, dict[str, Any]]:
        active = self._cut("ActiveCalls", "", 0)
        head, rows = self._table("ActiveCalls", active.entities)
        return "overview.html", {
            "title": "Overview",
            "active": active.found,
            "calls": rows,
            "call_columns": head,
            "requests": [row_of(seen) for seen in self._recorder.latest(_OVERVIEW_REQUESTS)],
            "total": self._recorder.total,
        }

    def _set(self, name: str, query: QueryParams) -> tuple[str, dict[str, Any]]:
        if name not in self._pbx.model.sets:
            raise _NothingHere
        search = query.get("search", "").strip()[:200]
        cut = self._cut(name, search, _natural(query.get("skip", "0")))
        head, rows = self._table(name, cut.entities)
        skip = cut.skip
        last = max(0, cut.found - 1) // PAGE_SIZE * PAGE_SIZE
        return "set.html", {
            "title": title_of(name),
            "name": name,
            "columns": head,
            "rows": rows,
            "search": search,
            "all": cut.everything,
            "searched": cut.searched,
            "found": cut.found,
            "first": skip + 1,
            "pages": {
                "First": _page_href(name, search, 0) if skip else "",
                "Previous": _page_href(name, search, skip - PAGE_SIZE) if skip else "",
                "Next": _page_href(name, search, skip + PAGE_SIZE) if skip < last else "",
                "Last": _page_href(name, search, last) if skip < last else "",
            },
            "requests": [row_of(seen) for seen in self._recorder.latest(_SET_REQUESTS)],
        }

    def _entity(self, name: str, text: str) -> tuple[str, dict[str, Any]]:
        if name not in self._pbx.model.sets:
            raise _NothingHere
        entity_set = self._pbx.model.sets[name]
        key: Key = text
        if entity_set.key_type in ("Int16", "Int32", "Int64"):
            if not text.removeprefix("-").isdecimal() or len(text) > 20:
                raise _NothingHere
            key = int(text)
        with self._pbx.store.lock:
            entity = self._pbx.views.record(name, key).value
            linked = self._linked(entity_set.schema, entity)
        return "entity.html", {
            "title": label(self._pbx.model, entity_set.schema, entity) or text,
            "set": name,
            "set_title": title_of(name),
            "set_href": _href(set=name),
            "path": f"/xapi/v1/{name}({key_literal(key)})",
            "parts_of": parts_of(
                self._pbx.model, entity_set.schema, entity, linked, columns(self._pbx.model, entity_set)
            ),
        }

    def _singleton(self, name: str) -> tuple[str, dict[str, Any]]:
        if name not in self._pbx.model.singletons:
            raise _NothingHere
        schema = self._pbx.model.singletons[name]
        with self._pbx.store.lock:
            entity = self._pbx.views.singleton(name).value
            linked = self._linked(schema, entity)
        return "entity.html", {
            "title": title_of(name),
            "set": "",
            "set_title": "",
            "set_href": "",
            "path": f"/xapi/v1/{name}",
            "parts_of": parts_of(self._pbx.model, schema, entity, linked, ()),
        }

    def _request(self, text: str) -> tuple[str, dict[str, Any]]:
        seen = self._recorder.numbered(_natural(text))
        if seen is None:
            raise _NothingHere
        return "request.html", {"title": f"Request {seen.number}", "request": detail_of(seen)}

    def _cut(self, name: str, search: str, skip: int) -> _Rows:
        with self._pbx.store.lock:
            records = self._pbx.views.records(name)
            everything = len(records)
            if not search:
                skip = _page_start(skip, everything)
                # A large call history is worked out row by row: its sequence gives a page for a page's price.
                chosen = (
                    records[skip : skip + PAGE_SIZE]
                    if isinstance(records, Sequence)
                    else islice(records, skip, skip + PAGE_SIZE)
                )
                entities = [record.value for record in chosen]
                return _Rows(entities, skip, everything, everything, everything)
            # What is stored is never changed in place: nothing but the list itself needs the lock.
            records = list(records)
        found: list[Entity] = []
        searched = 0
        end = time.perf_counter() + _SEARCH_SECONDS
        for record in records:
            if searched % 256 == 255 and time.perf_counter() > end:
                break
            searched += 1
            if matches(value := record.value, search):
                found.append(value)
        skip = _page_start(skip, len(found))
        return _Rows(found[skip : skip + PAGE_SIZE], skip, len(found), searched, everything)

    def _table(self, name: str, entities: list[Entity]) -> tuple[list[str], list[TableRow]]:
        entity_set = self._pbx.model.sets[name]
        head = columns(self._pbx.model, entity_set)
        rows = []
        for entity in entities:
            key = "" if entity_set.key is None else str(entity[entity_set.key])
            href = _href(set=name, key=key) if key else ""
            rows.append(TableRow(key, href, [short_cell(column, entity.get(column)) for column in head]))
        return head, rows

    def _linked(self, schema: str, entity: Entity) -> dict[str, Any]:
        """The entity's navigation properties: stored ones, and those that are derived from others."""
        found = {}
        for field in self._pbx.model.schema(schema).values():
            if field.navigation:
                derive = self._pbx.views.navigation(schema, field.name)
                found[field.name] = derive(entity) if derive else entity.get(field.name)
        return found


def _headers(nonce: str, tag: str) -> dict[str, str]:
    policy = (
        f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; connect-src 'self'; "
        "img-src data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )
    return {
        "content-security-policy": policy,
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
        "cache-control": "no-store",
        "vary": "accept",
        "etag": tag,
    }


def _href(**query: str) -> str:
    return f"/?{urlencode(query)}"


def _page_href(name: str, search: str, skip: int) -> str:
    query = {"set": name, **({"search": search} if search else {}), **({"skip": str(skip)} if skip else {})}
    return _href(**query)


def _page_start(skip: int, rows: int) -> int:
    return min(skip, max(0, rows - 1)) // PAGE_SIZE * PAGE_SIZE


def _natural(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) <= 9 else 0
