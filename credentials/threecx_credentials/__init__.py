"""The credential `threeCxApi`: its fields, the token it buys, where the token is kept, and its test."""

from .errors import CredentialError, LoginRefusedError
from .fields import Credential, Secret
from .token import Token, TokenSource
from .token_store import MemoryTokenStore, TokenStore

__all__ = [
    "Credential",
    "CredentialError",
    "LoginRefusedError",
    "MemoryTokenStore",
    "Secret",
    "Token",
    "TokenSource",
    "TokenStore",
]
