"""Lists of registers as vendors write them: encodings, separators, headers, addresses, types and orders of octets."""
