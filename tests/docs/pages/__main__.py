"""Write the generated pages of the manual."""

import sys

from tests.docs.pages import write

sys.stdout.write(f"{write()} pages are new or have changed\n")
