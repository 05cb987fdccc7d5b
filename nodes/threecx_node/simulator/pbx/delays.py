"""The delays between a call and what the PBX makes of it, in seconds, and how far back the history of a new PBX goes.

Cheap to import, for the configuration.
"""

from __future__ import annotations

# From the end of a call until the file of its recording is ready, and from then until it is transcribed.
RECORDING_DELAY = 10.0
TRANSCRIPTION_DELAY = 20.0
# The days before today whose calls can be played at the start: a week takes about a second.
MAX_PAST_DAYS = 31
