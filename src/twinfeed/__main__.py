"""The command `twinfeed`. An emergency stop is sent before the rest of the command line is loaded."""

import sys


def main() -> None:
    """The console script. Ctrl-C while it is still loading ends it without a traceback."""
    try:
        _run()
    except KeyboardInterrupt:
        sys.exit(130)  # 128 + SIGINT, as shells give it


def _run() -> None:
    if sys.argv[1:2] == ["rig"]:
        from twinfeed.hil_rigs.emergency import command

        code = command.main(sys.argv[1:])
        if code is not None:
            sys.exit(code)
    from twinfeed.harness.cli import main as whole

    whole()


if __name__ == "__main__":
    main()
