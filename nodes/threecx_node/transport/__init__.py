"""Requests out, answers in: one pooled client per PBX, the token, retries, paging and limits."""
