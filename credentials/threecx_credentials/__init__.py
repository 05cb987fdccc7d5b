"""The credential `threeCxApi`: its fields, its access token, the stores of the token, and its test.

The names below are the public API. Their modules are loaded on first use, because the catalog reads the API's base path
from this package and needs nothing that sends requests.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .errors import (
        CredentialError,
        InvalidTokenResponseError,
        LoginRefusedError,
        TokenContestedError,
        TokenRefusedError,
        TokenStoreError,
    )
    from .fields import Credential, Secret
    from .file_store import FileTokenStore
    from .open_store import close_token_store, open_token_store
    from .redis_store import RedisTokenStore
    from .token import Token
    from .token_source import TokenSource
    from .token_store import MemoryTokenStore, TokenStore

__all__ = [
    "Credential",
    "CredentialError",
    "FileTokenStore",
    "InvalidTokenResponseError",
    "LoginRefusedError",
    "MemoryTokenStore",
    "RedisTokenStore",
    "Secret",
    "Token",
    "TokenContestedError",
    "TokenRefusedError",
    "TokenSource",
    "TokenStore",
    "TokenStoreError",
    "close_token_store",
    "open_token_store",
]

_MODULES = {
    "Credential": "fields",
    "CredentialError": "errors",
    "FileTokenStore": "file_store",
    "InvalidTokenResponseError": "errors",
    "LoginRefusedError": "errors",
    "MemoryTokenStore": "token_store",
    "RedisTokenStore": "redis_store",
    "Secret": "fields",
    "Token": "token",
    "TokenContestedError": "errors",
    "TokenRefusedError": "errors",
    "TokenSource": "token_source",
    "TokenStore": "token_store",
    "TokenStoreError": "errors",
    "close_token_store": "open_store",
    "open_token_store": "open_store",
}


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return getattr(import_module(f".{_MODULES[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
