"""The choices and checks that a canvas asks for while a user edits a node."""
