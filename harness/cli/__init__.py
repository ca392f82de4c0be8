"""The command line, `twinfeed`. Exit codes: 0 done, 1 the answer is no (see each command), 2 wrong usage or a wrong
file, 3 no running site or it refused."""

from twinfeed.harness.cli.app import app, main

__all__ = ["app", "main"]
