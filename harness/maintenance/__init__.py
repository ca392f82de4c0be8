"""Work on a site in operation: the impact of a loss, procedures step by step, risk and order of works."""
