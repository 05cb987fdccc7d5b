"""Answers in, result items or errors out."""
