"""`python -m harness.cli` is `twinfeed`, for places without the console script."""

from harness.cli import main

main()
