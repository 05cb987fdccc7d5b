"""The errors of a credential.

    CredentialError                     a field cannot be used
    TokenStoreError                     THREECX_TOKEN_STORE cannot be used
    LoginRefusedError                   the PBX refused the token request
    ├── InvalidTokenResponseError       the response is not a JSON object, or has no token that can be sent
    └── TokenRefusedError               the PBX issues tokens, and refuses them
        └── TokenContestedError         other programs end the tokens of this one

`threecx_node` translates them into its own tree.
"""

from __future__ import annotations


class CredentialError(ValueError):
    """A field of the credential cannot be used; `field` names it, `remedy` says how to fix it."""

    def __init__(self, message: str, *, field: str, remedy: str = "") -> None:
        super().__init__(message)
        self.field = field
        self.remedy = remedy


class TokenStoreError(ValueError):
    """The configured store of tokens cannot be used; `remedy` says how to fix it."""

    def __init__(self, message: str, *, remedy: str) -> None:
        super().__init__(message)
        self.remedy = remedy


class LoginRefusedError(Exception):
    """The PBX refused the token request.

    `status` is the HTTP status, `code` and `description` are `error` and `error_description` of the response where
    they are texts. `content` is its body without the secret.
    """

    def __init__(self, status: int, code: str, description: str, content: bytes = b"") -> None:
        super().__init__(description or code or f"the response to the token request has status {status}")
        self.status = status
        self.code = code
        self.description = description
        self.content = content

    @property
    def is_temporary(self) -> bool:
        """Return whether the PBX did not judge the login, because it was busy or broken."""
        return self.status >= 500 or self.status == 429


class InvalidTokenResponseError(LoginRefusedError):
    """The response to the token request is not a JSON object, or has no token that can be sent; `what` says which."""

    def __init__(self, status: int, content: bytes = b"", *, what: str = "") -> None:
        super().__init__(status, "", "", content)
        self.what = what


class TokenRefusedError(LoginRefusedError):
    """The PBX issued an access token and refused it, each time."""

    def __init__(self) -> None:
        super().__init__(401, "", "each new access token is refused")


class TokenContestedError(TokenRefusedError):
    """Access tokens ended as soon as they were used: another program logs in with the same client ID."""
