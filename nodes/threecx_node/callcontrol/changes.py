"""The changes of legs of calls, as the client of the Call Control API reports them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from datetime import datetime

    from .entities import Participant

ChangeKind = Literal["updated", "removed", "dtmf", "prompt_finished"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LegChange:
    """One change of a participant, which is one leg of a call.

    `participant` is the participant as it is now. For "removed" it is the last known state, None where none was known.
    `previous` is the state before, None where none was known. `at` is the time in UTC at which the client learnt of the
    change: the PBX sends no times. `inferred` is set where no message reported the change, and a comparison of what
    was known with what is there now has shown it, for example after a lost connection. `digits` are those of "dtmf".
    `dn_type` is the type of the DN as 3CX writes it, empty where it is not known yet. `losses` is how many times
    messages may have been lost before: the PBX may have restarted then, and give the IDs of calls and legs again.
    """

    kind: ChangeKind
    dn: str
    participant_id: int
    participant: Participant | None
    previous: Participant | None
    at: datetime
    inferred: bool
    digits: str = ""
    dn_type: str = ""
    losses: int = 0
