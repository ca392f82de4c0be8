"""The management network: switches, links, spanning tree, redundancy, traffic."""
