"""Read the body of a request, and turn its parts into the executor's types."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ValidationError

from threecx_credentials import Credential, CredentialError

from ..errors import ConfigurationError
from ..execution.results import Item
from ..options import Options
from ..values.json import loads, why_not_json
from .models import MAX_ITEMS, ExecuteOptions, Pbx
from .problems import ProblemError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request

    from .bodies import BodyReader
    from .pbx_access import PbxAccess

_Model = TypeVar("_Model", bound=BaseModel)


async def read_request(request: Request, model: type[_Model], bodies: BodyReader) -> _Model:
    """Return the request's body as `model`. Raise ProblemError if it cannot be read or does not match."""
    return parse_request(await bodies.read(request), model)


def parse_request(raw: bytes, model: type[_Model]) -> _Model:
    """Return a body as `model`. Raise ProblemError if it is not JSON or does not match."""
    try:
        content = loads(raw)
    except ValueError as error:
        raise ProblemError(
            400, f"the request body is not valid JSON{why_not_json(error)}", "Send JSON.", "input"
        ) from error
    try:
        return model.model_validate(content)
    except ValidationError as error:
        raise describe_mismatch(error) from error


def parse_item(index: int, given: Any, *, is_written: bool = True) -> Item:
    """Return one item of a batch; `is_written` says that a person wrote its parameters in a canvas.

    Raise ProblemError for the whole request if its structure is wrong.
    """
    if isinstance(given, dict) and set(given) <= {"json", "binary", "parameters"}:
        json, binary, parameters = (given.get(name) or {} for name in ("json", "binary", "parameters"))
        if isinstance(json, dict) and isinstance(binary, dict) and isinstance(parameters, dict):
            return Item(json, parameters, binary, is_written)
    raise ProblemError(
        422,
        f'item {index} is not {{"json"?: {{…}}, "binary"?: {{…}}, "parameters": {{…}}}}',
        "See /openapi.json for an item.",
    )


def build_options(given: ExecuteOptions, max_response_bytes: int | None = None) -> Options:
    """Return the options of a batch; `max_response_bytes` is the limit where the request has none."""
    defaults = Options()
    if given.max_response is not None:
        max_response_bytes = given.max_response * 2**20
    return Options(
        dry_run=given.dry_run,
        prepare_only=given.prepare_only,
        allow_incomplete_lists=given.allow_incomplete_lists,
        continue_on_fail=given.continue_on_fail,
        release=given.release,
        time_zone=given.time_zone,
        concurrency=given.concurrency or defaults.concurrency,
        timeout=given.timeout or defaults.timeout,
        retry_time=defaults.retry_time if given.retry_time is None else given.retry_time,
        max_response_bytes=max_response_bytes,
        max_items=given.max_items or defaults.max_items,
        max_deletes=given.max_deletes,
    )


def find_credential(
    pbx: Pbx, profiles: Mapping[str, Credential], access: PbxAccess | None = None
) -> Credential:
    """Return the credential of a profile, or the one that the request contains, if `access` allows that.

    Raise ConfigurationError.
    """
    if pbx.profile is not None:
        return find_profile(pbx.profile, profiles)
    try:
        credential = Credential.of(pbx.base_url, pbx.client_id, pbx.client_secret, verify_tls=pbx.verify_tls)
    except CredentialError as error:
        raise ConfigurationError(str(error), description=error.remedy, field=error.field) from error
    if access is not None:
        access.check(credential)
    return credential


def find_profile(name: str, profiles: Mapping[str, Credential]) -> Credential:
    """Return the credential of a profile. Raise ConfigurationError."""
    if name not in profiles:
        known = ", ".join(sorted(profiles))
        choice = f"Choose one of {known}" if known else "Its file with profiles has none"
        raise ConfigurationError(
            f"the executor has no profile {name!r}",
            description=f"{choice}, or add the profile to its profiles.toml.",
            field="profile",
        )
    return profiles[name]


def describe_mismatch(error: ValidationError) -> ProblemError:
    """Return the problem for a request that does not match its model."""
    first = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(each) for each in first["loc"]) or "the request body"
    if first["type"] == "too_long":
        return ProblemError(
            413, f"the request has more than {MAX_ITEMS} items", "Send them in several requests.", "too_large"
        )
    return ProblemError(422, f"{where}: {first['msg']}", "See /openapi.json for the fields of a request.")
