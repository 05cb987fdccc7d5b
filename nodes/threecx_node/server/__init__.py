"""Serve HTTP: listening sockets and limits for slow clients, shared by the service and the simulator."""
