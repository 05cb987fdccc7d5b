"""The errors of a credential.

    CredentialError                     a field cannot be used
    LoginRefusedError                   the PBX refused the token request
    └── InvalidTokenResponseError       the response is not a JSON object

`threecx_node` translates them into its own tree.
"""

from __future__ import annotations


class CredentialError(ValueError):
    """A field of the credential cannot be used; `field` names it, `remedy` says how to fix it."""

    def __init__(self, message: str, *, field: str, remedy: str = "") -> None:
        super().__init__(message)
        self.field = field
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
    """The response to the token request is not a JSON object."""

    def __init__(self, status: int, content: bytes = b"") -> None:
        super().__init__(status, "", "", content)
