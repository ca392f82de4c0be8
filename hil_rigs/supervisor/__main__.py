"""`python -m twinfeed.hil_rigs.supervisor FILE`: the guard of a bench, and with it its supervisor."""

import gc
import sys

gc.disable()  # no module that is loaded is garbage: collections would take a fifth of the start

from twinfeed.emulators.yamlfile import FileError  # noqa: E402 - collections are off while it is loaded
from twinfeed.harness.record import Broken  # noqa: E402
from twinfeed.hil_rigs.credentials import NoCredential  # noqa: E402
from twinfeed.hil_rigs.lock import Held  # noqa: E402
from twinfeed.hil_rigs.places import PlaceError  # noqa: E402
from twinfeed.hil_rigs.supervisor.process import main  # noqa: E402

gc.freeze()
gc.enable()

try:
    sys.exit(main(sys.argv[1:]))
except (FileError, NoCredential, Held, PlaceError, Broken, OSError, ValueError) as error:
    print(error, file=sys.stderr)
    sys.exit(2)
