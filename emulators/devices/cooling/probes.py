"""The temperature probes of cooling machines."""

from __future__ import annotations

from twinfeed.emulators.plant.kernel.tolerances import Tolerance

WATER_PROBE = Tolerance(-0.35, 0.35, "Pt100 of class B at 10 degC: 0.3 K + 0.005 |t| (IEC 60751)", absolute=True)
"""In a pipe of chilled water, K."""

AIR_PROBE = Tolerance(-0.4, 0.4, "Pt100 of class B at 20 degC: 0.3 K + 0.005 |t| (IEC 60751)", absolute=True)
"""In the air of a hall, K."""
