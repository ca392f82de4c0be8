"""Recordings of real devices: made, read, and served again."""
