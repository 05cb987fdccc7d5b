"""The Call Control API at `/callcontrol`: REST, the WebSocket with its events and requests, audio, rights."""
