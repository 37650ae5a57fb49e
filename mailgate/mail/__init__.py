"""Mail as bytes and values: what an RFC decides. Pure, no I/O; nothing in here raises for what a sender wrote."""
