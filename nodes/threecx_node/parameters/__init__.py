"""What this item says: expressions and the resolving of parameters."""
