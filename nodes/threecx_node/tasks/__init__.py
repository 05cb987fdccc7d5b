"""Tasks: operations that are made of several operations of 3CX's API, each with one result.

A task reads what is there, changes only what differs, and says what it changed. Its declaration is in `catalog/tasks`,
its code in the module here that has the name of its resource. Every request of a task is an operation of the catalog,
planned and sent as any other: with its checks, repeats, timeouts and errors.
"""
