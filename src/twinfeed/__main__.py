"""The command `twinfeed`. An emergency stop is sent before the rest of the command line is loaded."""

import sys


def main() -> None:
    """The console script."""
    if sys.argv[1:2] == ["rig"]:
        from twinfeed.hil_rigs.emergency import command

        code = command.main(sys.argv[1:])
        if code is not None:
            sys.exit(code)
    from twinfeed.harness.cli import main as whole

    whole()


if __name__ == "__main__":
    main()
