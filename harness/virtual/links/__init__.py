"""What a path does to what is sent over it: conditions, the shape of streams, messages that are altered."""
