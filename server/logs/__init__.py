"""The log: what it may hold, and how its lines are written without blocking anybody."""
