"""The envelopes of the service's calls. Items stay plain: no model object is made per item."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

MAX_ITEMS = 1000


class _Envelope(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", hide_input_in_errors=True)


class Pbx(_Envelope):
    """Which PBX to work with: a profile of the service's own, or an address with a client and its key."""

    profile: str | None = None
    base_url: str = ""
    client_id: str = ""
    client_secret: Annotated[str, Field(repr=False)] = ""
    verify_tls: bool = True


class ExecuteOptions(_Envelope):
    """How a batch is run; `timeout` are seconds per answer of the PBX, `time_zone` that of times without an offset."""

    dry_run: bool = False
    continue_on_fail: bool = False
    prepare_only: bool = False
    concurrency: Annotated[int, Field(ge=1, le=64)] | None = None
    timeout: Annotated[float, Field(gt=0, le=3600)] | None = None
    release: str | None = None
    time_zone: Annotated[str, Field(description="IANA name, such as Europe/Berlin")] = "UTC"


class ExecuteRequest(_Envelope):
    """A batch: one operation, its items with their parameters (taken literally), options, the PBX."""

    operation: str
    items: Annotated[
        list[Any], Field(max_length=MAX_ITEMS, description='`{"json"?: {…}, "parameters": {…}}` each')
    ]
    options: ExecuteOptions = ExecuteOptions()
    pbx: Pbx


class SearchRequest(_Envelope):
    """What a "From list" field wants: entries of the set whose key a parameter is."""

    operation: str
    parameter: str | None = None
    filter: str | None = None
    cursor: str | None = None
    pbx: Pbx


class FieldsRequest(_Envelope):
    """Whose body fields are wanted."""

    operation: str
    pbx: Pbx | None = None


class OptionsRequest(_Envelope):
    """Whose choices are wanted: `$select`, `$expand`, `$orderby` or a parameter with an enum."""

    operation: str
    parameter: str
    pbx: Pbx | None = None


class CheckRequest(_Envelope):
    """Which credential to test."""

    pbx: Pbx


class HealthAnswer(BaseModel):
    """Version of the executor, number of the contract, releases of the catalog."""

    status: Literal["ok"] = "ok"
    version: str
    contract: int
    releases: list[str]
