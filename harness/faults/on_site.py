"""Faults realised on a site in this process: the emulated worlds' sink of a schedule."""

from __future__ import annotations

from collections.abc import Mapping

from twinfeed.emulators.site import Site


class SiteFaults:
    """Applies and lifts faults on a site (see `twinfeed.harness.faults.schedule.Sink`)."""

    def __init__(self, site: Site) -> None:
        self.site = site

    def apply(self, target: str, kind: str, parameters: Mapping[str, float]) -> None:
        """Apply it, or change its parameters.

        Raises:
            PlantError: no such target, kind or parameter, or a number out of range.
        """
        self.site.inject(target, kind, parameters)

    def lift(self, target: str, kind: str) -> None:
        """Clear it; a fault that has ended by itself (a restart, a lockout that was reset) is already gone."""
        if any((at, what) == (target, kind) for at, what, _ in self.site.active_faults()):
            self.site.clear(target, kind)
