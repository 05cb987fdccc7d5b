"""Texts of fields with a list that the PBX fills. n8n's lint requires these words and this link."""

from __future__ import annotations

_LINK = '<a href="https://docs.n8n.io/code/expressions/">expression</a>'
CHOOSE_ONE = f"Choose from the list, or specify an ID using an {_LINK}."
CHOOSE_SOME = f"Choose from the list, or specify IDs using an {_LINK}."
CHOOSE_NUMBERS = f"Choose from the list, or specify numbers using an {_LINK}."
