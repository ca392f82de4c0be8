"""The separation of test runs: from each other, and from the machine once they are over."""
