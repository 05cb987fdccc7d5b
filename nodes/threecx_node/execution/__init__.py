"""A batch of items: planned as a whole, then sent, a bounded number of requests at a time."""
