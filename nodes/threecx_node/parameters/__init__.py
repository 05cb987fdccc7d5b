"""The parameters of one item: names matched, values sorted into what a request needs."""
