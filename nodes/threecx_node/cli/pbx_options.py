"""The options that name a PBX and its client: six options, which a command takes as one argument."""

from __future__ import annotations

import functools
import inspect
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, get_type_hints

from . import option_types  # noqa: TC001 (typer reads the types at run time)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

# The argument of a command in whose place the options are.
_ARGUMENT = "pbx"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class PbxOptions:
    """The values of the options; None where neither the option nor its variable is given.

    They have no repr, which would show the key.
    """

    base_url: option_types.BaseUrl = None
    client_id: option_types.ClientId = None
    client_secret: option_types.ClientSecret = None
    client_secret_file: option_types.ClientSecretFile = None
    verify_tls: option_types.VerifyTls = True
    ca_file: option_types.CaFile = None


def take_pbx_options(
    *, without: Collection[str] = ()
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Return a decorator for a command with the argument `pbx: PbxOptions`: it gets the options in its place."""

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        hints = get_type_hints(PbxOptions, include_extras=True)
        options = [
            inspect.Parameter(
                name, inspect.Parameter.POSITIONAL_OR_KEYWORD, default=given.default, annotation=hints[name]
            )
            for name, given in inspect.signature(PbxOptions).parameters.items()
            if name not in without
        ]
        own = get_type_hints(command, include_extras=True)
        parameters: list[inspect.Parameter] = []
        for name, given in inspect.signature(command).parameters.items():
            parameters += options if name == _ARGUMENT else [given.replace(annotation=own[name])]

        @functools.wraps(command)
        def run(**given: Any) -> None:
            chosen = {each.name: given.pop(each.name) for each in options}
            command(**given, pbx=PbxOptions(**chosen))

        run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # typer reads it
        run.__annotations__ = {each.name: each.annotation for each in parameters}
        return run

    return decorate
