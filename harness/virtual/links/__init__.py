"""Effects of a path on the traffic over it: conditions, the shape of streams, messages that are altered."""
