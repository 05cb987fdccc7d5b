"""The credential `threeCxApi`: its fields, its access token, the store of the token, and its test.

The names below are the public API. Their modules are loaded on first use, because the catalog reads the API's base path
from this package and needs nothing that sends requests.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .errors import CredentialError, InvalidTokenResponseError, LoginRefusedError
    from .fields import Credential, Secret
    from .token import Token
    from .token_source import TokenSource
    from .token_store import MemoryTokenStore, TokenStore

__all__ = [
    "Credential",
    "CredentialError",
    "InvalidTokenResponseError",
    "LoginRefusedError",
    "MemoryTokenStore",
    "Secret",
    "Token",
    "TokenSource",
    "TokenStore",
]

_MODULES = {
    "Credential": "fields",
    "CredentialError": "errors",
    "InvalidTokenResponseError": "errors",
    "LoginRefusedError": "errors",
    "MemoryTokenStore": "token_store",
    "Secret": "fields",
    "Token": "token",
    "TokenSource": "token_source",
    "TokenStore": "token_store",
}


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return getattr(import_module(f".{_MODULES[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
