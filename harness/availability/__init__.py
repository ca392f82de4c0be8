"""How probable it is that a site loses what it carries: fault trees, their cut sets and figures."""
