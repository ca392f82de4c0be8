"""Commands for the people who operate a site: losses, works, commissioning, lists that become a site file."""
