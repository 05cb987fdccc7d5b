"""Answers for a canvas while a user edits a node: lists, fields, choices and the test of a credential."""
