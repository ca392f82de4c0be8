"""`python -m twinfeed.hil_rigs.supervisor FILE`: the guard of a bench, and with it its supervisor."""

import sys

from twinfeed.emulators.yamlfile import FileError
from twinfeed.harness.record import Broken
from twinfeed.hil_rigs.credentials import NoCredential
from twinfeed.hil_rigs.lock import Held
from twinfeed.hil_rigs.places import PlaceError
from twinfeed.hil_rigs.supervisor.process import main

try:
    sys.exit(main(sys.argv[1:]))
except (FileError, NoCredential, Held, PlaceError, Broken, OSError, ValueError) as error:
    print(error, file=sys.stderr)
    sys.exit(2)
