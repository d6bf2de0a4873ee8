"""Where shards are tagged: processes of this machine, or a Ray cluster."""
