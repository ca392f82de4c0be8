"""Every kind of component a site file may name."""

from __future__ import annotations

from emulators.plant.electrical import Component

CLASSES: tuple[type[Component], ...] = ()

KINDS: dict[str, type[Component]] = {cls.kind: cls for cls in CLASSES}
