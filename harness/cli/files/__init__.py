"""Commands on files: sites, profiles, starter folders."""
