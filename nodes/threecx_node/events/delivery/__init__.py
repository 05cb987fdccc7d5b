"""Send events to the URLs of subscriptions."""
