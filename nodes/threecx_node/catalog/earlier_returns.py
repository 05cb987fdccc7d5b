"""Return types of earlier releases that differ from the newest one; the catalog stores the newest alone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from .models import Returns

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .models import OperationVersion

_BEFORE_20_0_6 = frozenset({"20.0.4", "20.0.5"})
_BEFORE_20_0_9 = _BEFORE_20_0_6 | {"20.0.6", "20.0.7", "20.0.8"}

_EARLIER: Mapping[str, tuple[frozenset[str], Returns]] = {
    "DeletePlaylistFile": (_BEFORE_20_0_9, Returns("entity", "Pbx.IActionResult")),
    "GetUsersByPrincipalNames": (frozenset({"20.0.4"}), Returns("collection", "Pbx.Microsoft365User")),
    "IsRequestHelpEnabled": (_BEFORE_20_0_6, Returns("value", "Boolean")),
}


def restore_returns(operation: str, version: OperationVersion, release: str) -> OperationVersion:
    """Return the version with the return type that the operation had in `release`."""
    releases, returns = _EARLIER.get(operation, (frozenset(), version.returns))
    return replace(version, returns=returns) if release in releases else version


def list_returns(operation: str, version: OperationVersion) -> tuple[Returns, ...]:
    """Return what the operation returns in any release, the type of `version` first."""
    _, earlier = _EARLIER.get(operation, (frozenset(), version.returns))
    return (version.returns, earlier) if earlier != version.returns else (version.returns,)
