"""The bodies of the service's requests. Items stay plain dictionaries: no model object is created per item."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID  # noqa: TC003 (pydantic reads the annotations when it runs)

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from ..options import BOUNDS, MAX_CONCURRENCY, MAX_RETRY_TIME, MAX_TIMEOUT, MIN_TIMEOUT

MAX_ITEMS = 1000
_MAX_LIST = int(BOUNDS["max_items"].maximum)
_MAX_RESPONSE = int(BOUNDS["max_response_bytes"].maximum) // 2**20


class Envelope(BaseModel):
    """The base of requests: names in camel case, and no others than those of the model."""

    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", hide_input_in_errors=True)


class Pbx(Envelope):
    """The PBX: a profile in the executor's profiles.toml, or an address with a client ID and its API key."""

    profile: str | None = None
    base_url: str = ""
    client_id: str = ""
    client_secret: Annotated[str, Field(repr=False)] = ""
    verify_tls: bool = True


class ExecuteOptions(Envelope):
    """Options of a batch. `prepareOnly` validates all items and sends nothing."""

    dry_run: bool = False
    continue_on_fail: bool = False
    prepare_only: bool = False
    allow_incomplete_lists: Annotated[
        bool,
        Field(
            description="Send updates whose lists lack fields that the PBX has stored; these are then lost"
        ),
    ] = False
    pages: Annotated[
        bool,
        Field(
            description='In NDJSON, send a long list page by page: lines of the same index with `"more": true`, '
            "up to one without it"
        ),
    ] = False
    literal: Annotated[
        bool,
        Field(
            description="Take each parameter of an item as a value, even an object that looks like a resource locator "
            "(`__rl`) or a mapper (`mappingMode`) of a canvas"
        ),
    ] = False
    concurrency: Annotated[int, Field(ge=1, le=MAX_CONCURRENCY)] | None = None
    timeout: (
        Annotated[
            float,
            Field(
                ge=MIN_TIMEOUT,
                le=MAX_TIMEOUT,
                description="Seconds that each attempt to get a response of the PBX may take; a file may take longer",
            ),
        ]
        | None
    ) = None
    retry_time: (
        Annotated[
            float,
            Field(
                ge=0,
                le=MAX_RETRY_TIME,
                description="Seconds for sending a request again that a fault met, where that is safe; 0 turns it off",
            ),
        ]
        | None
    ) = None
    max_response: (
        Annotated[
            int,
            Field(ge=1, le=_MAX_RESPONSE, description="Size limit for each response of the PBX, in MB"),
        ]
        | None
    ) = None
    max_items: (
        Annotated[
            int,
            Field(
                ge=1,
                le=_MAX_LIST,
                description="Limit for the entities of a list that is read without a limit",
            ),
        ]
        | None
    ) = None
    max_deletes: (
        Annotated[
            int,
            Field(
                ge=0,
                le=_MAX_LIST,
                description="Entities that the batch may delete; one that would delete more is refused before anything "
                "is sent",
            ),
        ]
        | None
    ) = None
    release: str | None = None
    time_zone: Annotated[
        str, Field(description="Time zone of times without an offset, such as Europe/Berlin (IANA name)")
    ] = "UTC"


class ExecuteRequest(Envelope):
    """A batch: one operation, its items with their parameters, options, and the PBX."""

    operation: str
    items: Annotated[
        list[Any],
        Field(
            max_length=MAX_ITEMS,
            description='Each item is `{"json"?: {…}, "binary"?: {…}, "parameters": {…}}`. Parameters are values, not '
            'expressions. Binary data are files to upload, such as `{"data": {"fileName": "closed.wav", "data": "…"}}` '
            "with the bytes in Base64",
        ),
    ]
    options: ExecuteOptions = ExecuteOptions()
    pbx: Pbx
    batch_id: Annotated[
        UUID | None,
        Field(
            description="ID of the batch, chosen by the caller: GET /v1/batches/{batchId} reports what became of it. A "
            "second request with the same ID is refused with status 409"
        ),
    ] = None
    resume: Annotated[
        bool,
        Field(
            description="Continue the batch with this `batchId`, which was interrupted: send what remains, and return "
            "all results. A batch that does not exist is started"
        ),
    ] = False


class SearchRequest(Envelope):
    """Entities to choose from: those whose key is the value of `parameter`, by default of the first parameter."""

    operation: str
    parameter: str | None = None
    parameters: Annotated[
        dict[str, Any],
        Field(
            description="Other parameters of the operation that the list depends on: the devices of a `dn`"
        ),
    ] = {}
    filter: str | None = None
    cursor: str | None = None
    pbx: Pbx


class FieldsRequest(Envelope):
    """The operation whose body fields are returned."""

    operation: str
    pbx: Pbx | None = None


class OptionsRequest(Envelope):
    """The parameter whose choices are returned.

    It is `$select`, `$expand`, `$orderby`, a parameter with an enum, or a part of a condition: `filters.field`,
    `filters.operator`, `filters.value`.
    """

    operation: str
    parameter: str
    parameters: Annotated[
        dict[str, Any],
        Field(description="Other parameters that the choices depend on: the `field` of a condition"),
    ] = {}
    pbx: Pbx | None = None


class CheckRequest(Envelope):
    """The credential to test."""

    pbx: Pbx


class BatchItem(BaseModel):
    """The outcome of an item. `pending` is the outcome of an item of a running batch that has no result yet."""

    model_config = ConfigDict(extra="allow")

    outcome: Literal["done", "failed", "unknown", "not_tried", "pending"]
    items: list[dict[str, Any]] | None = None
    error: dict[str, Any] | None = None


class BatchResponse(BaseModel):
    """The outcome of a batch; an interrupted one was running when the executor ended."""

    model_config = ConfigDict(alias_generator=to_camel)

    batch_id: UUID
    status: Literal["running", "finished", "interrupted"]
    operation: str
    results: list[BatchItem]


class HealthResponse(BaseModel):
    """Version of the executor, version of the HTTP contract, and the 3CX releases of the catalog."""

    status: Literal["ok"] = "ok"
    version: str
    contract: int
    releases: list[str]
