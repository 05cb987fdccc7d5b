"""Keep the secrets of a PBX out of errors, whatever the server repeats, and wherever."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from threecx_credentials.masking import mask_bytes, mask_text

from ..errors import PartialFailureError

if TYPE_CHECKING:
    from threecx_credentials import Secret

    from ..errors import ThreeCxError

# The last tokens: another request may still have the one before.
_KEPT_TOKENS = 4


class Secrets:
    """The API key and the last tokens of one PBX."""

    def __init__(self, key: Secret) -> None:
        self._key = key.reveal()
        self._tokens: tuple[str, ...] = ()

    def add_token(self, token: Secret) -> None:
        """Mask this token too, from now on."""
        value = token.reveal()
        if value not in self._tokens:
            self._tokens = (value, *self._tokens[: _KEPT_TOKENS - 1])

    def mask_text(self, text: str) -> str:
        """Return a text without secrets."""
        return mask_text(text, (self._key, *self._tokens))

    def mask_body(self, content: bytes) -> bytes:
        """Return the body of an error without secrets."""
        return mask_bytes(content, (self._key, *self._tokens))

    def mask_error(self, error: ThreeCxError) -> None:
        """Remove the secrets from what an error says."""
        error.message = self._mask(error.message)
        error.description = self._mask(error.description)
        error.code = self._mask(error.code)
        error.field = self._mask(error.field)
        error.args = tuple(self._mask(each) for each in error.args)
        if isinstance(error, PartialFailureError):
            error.failures = self._mask(error.failures)

    def _mask(self, value: Any) -> Any:
        """Return a value of JSON without secrets in its texts and names."""
        if isinstance(value, str):
            return self.mask_text(value)
        if isinstance(value, Mapping):
            return {self._mask(name): self._mask(each) for name, each in value.items()}
        return [self._mask(each) for each in value] if isinstance(value, list) else value
