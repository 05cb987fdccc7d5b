"""Watch and control live calls: the client of the Call Control API, its entities, and the events of its socket."""
