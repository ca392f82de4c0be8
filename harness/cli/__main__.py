"""`python -m twinfeed.harness.cli` is `twinfeed`, for places without the console script."""

from twinfeed.harness.cli import main

main()
