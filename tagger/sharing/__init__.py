"""Models found by name or address: on the hub, as wheels, with their cards."""
