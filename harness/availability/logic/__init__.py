"""The static logic of a site: a fault tree derived from its drawing by a few rules."""
