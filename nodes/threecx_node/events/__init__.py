"""Events: their types and forms, filters and subscriptions, their sources, journal and delivery."""
