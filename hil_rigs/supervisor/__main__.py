"""`python -m hil_rigs.supervisor FILE`: the guard of a bench, and with it its supervisor."""

import sys

from emulators.yamlfile import FileError
from harness.record import Broken
from hil_rigs.credentials import NoCredential
from hil_rigs.lock import Held
from hil_rigs.places import PlaceError
from hil_rigs.supervisor.process import main

try:
    sys.exit(main(sys.argv[1:]))
except (FileError, NoCredential, Held, PlaceError, Broken, OSError, ValueError) as error:
    print(error, file=sys.stderr)
    sys.exit(2)
