"""Expressions, the parameter values that begin with "=": plain property paths in Python, the rest in V8."""
