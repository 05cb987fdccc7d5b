"""The credential `threeCxApi`: its fields, its access token, the store of the token, and its test."""

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
