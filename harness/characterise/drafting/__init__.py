"""Drafts of profiles from recordings, MIB modules and register lists."""
