"""Serve the page at `/`: the entities, the live calls and the last requests, for people with a browser.

Entities are read-only there. The buttons of the calls send forms (see `actions.py`), which are accepted from the page
itself only, not from other websites.

The query selects the view:

    /                                overview: live calls, the last requests
    /?set=Users&search=ann&skip=50   a set, 50 entities at a time
    /?set=Users&key=12               an entity
    /?singleton=SystemStatus         a singleton
    /?requests=all                   the last 200 requests
    /?request=17                     one of them

The ETag is the version of the state, of the calls and of the list of requests, so that the repeated requests of an
open page are cheap while nothing changes.
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
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response

from ...catalog.labels import title_of
from ..http.asgi import read_body
from ..http.origin import ACTION_PATH, is_from_own_page, is_local, is_page_action
from ..odata.errors import ODataError
from ..odata.literals import INTEGER_RANGES, format_key
from .actions import RefusedError, perform_action, read_form
from .live_calls import list_legs, suggest_callers, suggest_destinations
from .request_rows import build_detail, build_row
from .sets import (
    Cell,
    build_label,
    choose_columns,
    format_short_cell,
    group_sets,
    matches,
    split_entity,
)

if TYPE_CHECKING:
    from ..calls.models import Change
    from ..http.asgi import Receive, Scope, Send
    from ..instruments.recorder import Recorder
    from ..odata.records import Entity, Key
    from ..pbx.pbx import Pbx

PAGE_SIZE = 50
_OVERVIEW_REQUESTS = 12
_SET_REQUESTS = 6
_ALL_REQUESTS = 200
# The search of a long call history ends after this time; it also delays other requests.
_SEARCH_TIMEOUT = 1.0

_NOT_LOCAL = """\
This page is for browsers on the machine that runs the simulator, at http://localhost or http://127.0.0.1.
Start the simulator with --public-page to show it to other machines too.
"""
_OTHER_SITE = "Only the page of the simulator may send this form. Open the simulator's page, and try again.\n"


class _NotFoundError(Exception):
    """The requested set, entity or request does not exist, or not any more."""


@dataclass(frozen=True, slots=True)
class SetLink:
    """A set or singleton in the navigation; `count` is None for a singleton."""

    name: str
    title: str
    href: str
    count: int | None
    current: bool


@dataclass(frozen=True, slots=True)
class TableRow:
    """A row of a table; `href` is empty for an entity that has no key."""

    id: str
    href: str
    cells: list[Cell]


@dataclass(frozen=True, slots=True)
class _Rows:
    """A page of a set: it starts at `skip` of the `found` entities; `searched` of `total` were searched."""

    entities: list[Entity]
    skip: int
    found: int
    searched: int
    total: int


class Page:
    """The ASGI application of the page."""

    def __init__(self, pbx: Pbx, recorder: Recorder, *, public: bool) -> None:
        self._pbx = pbx
        self._recorder = recorder
        self._public = public
        self._call_changes = 0
        pbx.calls.add_listener(self._count_change)
        # So that a page which was opened before a restart does not confuse the new state with the old one.
        self._run = secrets.token_hex(4)
        self._templates = Environment(
            loader=FileSystemLoader(Path(__file__).with_name("templates")),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a browser's GET or HEAD of `/`, or a form of the page."""
        if not self._public and not is_local(scope):
            await PlainTextResponse(_NOT_LOCAL, 403)(scope, receive, send)
        elif not is_page_action(scope):
            # In a thread, so that searching 200,000 rows does not block other clients.
            response = await run_in_threadpool(self._respond, scope)
            await response(scope, receive, send)
        elif scope["method"] != "POST":
            # A browser without script repeats the request for a page that is open.
            await RedirectResponse("/", 303)(scope, receive, send)
        elif not is_from_own_page(scope):
            await PlainTextResponse(_OTHER_SITE, 403)(scope, receive, send)
        else:
            body = await read_body(receive, dict(scope["headers"]))
            response = await run_in_threadpool(self._act, scope, body)
            await response(scope, receive, send)

    def _count_change(self, _change: Change) -> None:
        self._call_changes += 1

    def _act(self, scope: Scope, body: bytes) -> Response:
        """Perform an action: the script of the page gets JSON, a form without script the page."""
        message, status = "", 200
        try:
            message = perform_action(self._pbx, read_form(body))
        except RefusedError as error:
            message, status = error.message, 409
        except ODataError as error:
            message, status = error.message, error.status
        if "application/json" in Headers(scope=scope).get("accept", ""):
            return JSONResponse({"message": message}, status)
        if status == 200:
            return RedirectResponse("/", 303)
        template, values = self._show_overview()
        return self._render(template, {**values, "error": message}, QueryParams(), "", status)

    def _respond(self, scope: Scope) -> Response:
        tag = f'W/"{self._run}-{self._pbx.store.version}-{self._call_changes}-{self._recorder.revision}"'
        if Headers(scope=scope).get("if-none-match") == tag:
            return Response(status_code=304, headers={"etag": tag})
        query = QueryParams(scope["query_string"])
        status = 200
        try:
            template, values = self._select_view(query)
        except (_NotFoundError, ODataError):
            status, template = 404, "not_found.html"
            values = {"title": "Not found", "set": query.get("set", "")}
        return self._render(template, values, query, tag, status)

    def _render(
        self, template: str, values: dict[str, Any], query: QueryParams, tag: str, status: int
    ) -> Response:
        nonce = secrets.token_urlsafe(16)
        common = {
            "nonce": nonce,
            "tag": tag,
            "release": self._pbx.model.release,
            "version": self._pbx.version,
        }
        html = self._templates.get_template(template).render(
            **common, **self._build_navigation(query), **values
        )
        return HTMLResponse(html, status, headers=_build_headers(nonce, tag))

    def _select_view(self, query: QueryParams) -> tuple[str, dict[str, Any]]:
        if name := query.get("set"):
            return self._show_entity(name, query["key"]) if "key" in query else self._show_set(name, query)
        if name := query.get("singleton"):
            return self._show_singleton(name)
        if number := query.get("request"):
            return self._show_request(number)
        if "requests" in query:
            requests = [build_row(seen) for seen in self._recorder.list_latest(_ALL_REQUESTS)]
            return "requests.html", {"title": "Requests", "requests": requests, "total": self._recorder.total}
        return self._show_overview()

    def _build_navigation(self, query: QueryParams) -> dict[str, Any]:
        shown = query.get("set") or query.get("singleton")
        with self._pbx.store.lock:
            counts = {name: len(self._pbx.views.records(name)) for name in self._pbx.model.sets}
        groups = {
            title: [
                SetLink(name, title_of(name), _build_href(set=name), counts[name], name == shown)
                for name in names
            ]
            for title, names in group_sets(counts).items()
        }
        singletons = [
            SetLink(name, title_of(name), _build_href(singleton=name), None, name == shown)
            for name in sorted(self._pbx.model.singletons)
        ]
        where = "requests" if {"requests", "request"} & query.keys() else "" if shown else "overview"
        return {
            "groups": groups,
            "singletons": singletons,
            "where": where,
            "entity_count": sum(counts.values()),
        }

    def _show_overview(self) -> tuple[str, dict[str, Any]]:
        return "overview.html", {
            "title": "Overview",
            "active": len(self._pbx.calls.calls()),
            "legs": list_legs(self._pbx),
            "callers": suggest_callers(self._pbx),
            "destinations": suggest_destinations(self._pbx),
            "action_path": ACTION_PATH,
            "error": "",
            "requests": [build_row(seen) for seen in self._recorder.list_latest(_OVERVIEW_REQUESTS)],
            "total": self._recorder.total,
        }

    def _show_set(self, name: str, query: QueryParams) -> tuple[str, dict[str, Any]]:
        if name not in self._pbx.model.sets:
            raise _NotFoundError
        search = query.get("search", "").strip()[:200]
        part = self._read_page(name, search, _parse_natural(query.get("skip", "0")))
        head, rows = self._build_table(name, part.entities)
        skip = part.skip
        last = max(0, part.found - 1) // PAGE_SIZE * PAGE_SIZE
        return "set.html", {
            "title": title_of(name),
            "name": name,
            "columns": head,
            "rows": rows,
            "search": search,
            "all": part.total,
            "searched": part.searched,
            "found": part.found,
            "first": skip + 1,
            "pages": {
                "First": _build_page_href(name, search, 0) if skip else "",
                "Previous": _build_page_href(name, search, skip - PAGE_SIZE) if skip else "",
                "Next": _build_page_href(name, search, skip + PAGE_SIZE) if skip < last else "",
                "Last": _build_page_href(name, search, last) if skip < last else "",
            },
            "requests": [build_row(seen) for seen in self._recorder.list_latest(_SET_REQUESTS)],
        }

    def _show_entity(self, name: str, text: str) -> tuple[str, dict[str, Any]]:
        if name not in self._pbx.model.sets:
            raise _NotFoundError
        entity_set = self._pbx.model.sets[name]
        key: Key = text
        if entity_set.key_type in INTEGER_RANGES:
            if not text.removeprefix("-").isdecimal() or len(text) > 20:
                raise _NotFoundError
            key = int(text)
        with self._pbx.store.lock:
            entity = self._pbx.views.record(name, key).value
            linked = self._read_linked(entity_set.schema, entity)
        return "entity.html", {
            "title": build_label(self._pbx.model, entity_set.schema, entity) or text,
            "set": name,
            "set_title": title_of(name),
            "set_href": _build_href(set=name),
            "path": f"/xapi/v1/{name}({format_key(key)})",
            "parts_of_entity": split_entity(
                self._pbx.model,
                entity_set.schema,
                entity,
                linked,
                choose_columns(self._pbx.model, entity_set),
            ),
        }

    def _show_singleton(self, name: str) -> tuple[str, dict[str, Any]]:
        if name not in self._pbx.model.singletons:
            raise _NotFoundError
        schema = self._pbx.model.singletons[name]
        with self._pbx.store.lock:
            entity = self._pbx.views.singleton(name).value
            linked = self._read_linked(schema, entity)
        return "entity.html", {
            "title": title_of(name),
            "set": "",
            "set_title": "",
            "set_href": "",
            "path": f"/xapi/v1/{name}",
            "parts_of_entity": split_entity(self._pbx.model, schema, entity, linked, ()),
        }

    def _show_request(self, text: str) -> tuple[str, dict[str, Any]]:
        seen = self._recorder.find(_parse_natural(text))
        if seen is None:
            raise _NotFoundError
        return "request.html", {"title": f"Request {seen.number}", "request": build_detail(seen)}

    def _read_page(self, name: str, search: str, skip: int) -> _Rows:
        with self._pbx.store.lock:
            records = self._pbx.views.records(name)
            total = len(records)
            if not search:
                skip = _find_page_start(skip, total)
                # Slicing a large call history computes the rows of the page only.
                chosen = (
                    records[skip : skip + PAGE_SIZE]
                    if isinstance(records, Sequence)
                    else islice(records, skip, skip + PAGE_SIZE)
                )
                entities = [record.value for record in chosen]
                return _Rows(entities, skip, total, total, total)
            # Stored entities are never changed in place, so that only copying the list needs the lock.
            records = list(records)
        found: list[Entity] = []
        searched = 0
        end = time.perf_counter() + _SEARCH_TIMEOUT
        for record in records:
            if searched % 256 == 255 and time.perf_counter() > end:
                break
            searched += 1
            if matches(value := record.value, search):
                found.append(value)
        skip = _find_page_start(skip, len(found))
        return _Rows(found[skip : skip + PAGE_SIZE], skip, len(found), searched, total)

    def _build_table(self, name: str, entities: list[Entity]) -> tuple[list[str], list[TableRow]]:
        entity_set = self._pbx.model.sets[name]
        head = choose_columns(self._pbx.model, entity_set)
        rows = []
        for entity in entities:
            key = "" if entity_set.key is None else str(entity[entity_set.key])
            href = _build_href(set=name, key=key) if key else ""
            rows.append(
                TableRow(key, href, [format_short_cell(column, entity.get(column)) for column in head])
            )
        return head, rows

    def _read_linked(self, schema: str, entity: Entity) -> dict[str, Any]:
        """Return the entity's navigation properties, stored and derived ones."""
        found = {}
        for field in self._pbx.model.schema(schema).values():
            if field.navigation:
                derive = self._pbx.views.navigation(schema, field.name)
                found[field.name] = derive(entity) if derive else entity.get(field.name)
        return found


def _build_headers(nonce: str, tag: str) -> dict[str, str]:
    policy = (
        f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; connect-src 'self'; "
        "img-src data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )
    return {
        "content-security-policy": policy,
        "x-content-type-options": "nosniff",
        # Not "no-referrer", with which browsers would not send the origin of a form.
        "referrer-policy": "same-origin",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
        "cache-control": "no-store",
        "vary": "accept",
        "etag": tag,
    }


def _build_href(**query: str) -> str:
    return f"/?{urlencode(query)}"


def _build_page_href(name: str, search: str, skip: int) -> str:
    query = {"set": name, **({"search": search} if search else {}), **({"skip": str(skip)} if skip else {})}
    return _build_href(**query)


def _find_page_start(skip: int, rows: int) -> int:
    return min(skip, max(0, rows - 1)) // PAGE_SIZE * PAGE_SIZE


def _parse_natural(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) <= 9 else 0
