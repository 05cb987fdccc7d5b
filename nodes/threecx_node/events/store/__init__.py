"""Keep events, subscriptions and deliveries, in SQLite or Redis."""
