"""Access to the console: tokens, certificates, and the guard that admits requests."""
