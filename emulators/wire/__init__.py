"""Sans-IO protocol codecs and the servers that put them on a network."""
