"""What can be wrong with a credential. `threecx_node` translates these into its own tree."""

from __future__ import annotations


class CredentialError(ValueError):
    """A field of the credential cannot be used; `field` names it, `remedy` says what to do."""

    def __init__(self, message: str, *, field: str, remedy: str = "") -> None:
        super().__init__(message)
        self.field = field
        self.remedy = remedy


class LoginRefusedError(Exception):
    """The PBX refused the token request.

    `status` is the HTTP status, `code` and `words` are the PBX's own `error` and `error_description`.
    """

    def __init__(self, status: int, code: str, words: str) -> None:
        super().__init__(words or code or f"the token request was answered with {status}")
        self.status = status
        self.code = code
        self.words = words
