"""The child process that evaluates JavaScript in V8, with limits on time and memory."""
