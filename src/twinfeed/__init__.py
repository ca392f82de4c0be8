"""A software twin of a data centre that answers real Modbus and SNMP, to test failover logic against.

The names in `__all__` are the public API, together with those that `twinfeed.emulators`, `twinfeed.harness` and
`twinfeed.hil_rigs` list in theirs; everything else may move. A name is imported when it is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from twinfeed._version import __version__
    from twinfeed.emulators.plant.kernel.actor import PlantError
    from twinfeed.emulators.serving import ServeError
    from twinfeed.emulators.site import Site
    from twinfeed.emulators.textfile import FileError
    from twinfeed.harness.controllers.in_process import ControllerFailed, NoSuchController
    from twinfeed.harness.faults.injection import Injection, InjectionError
    from twinfeed.harness.faults.scenario import Scenario
    from twinfeed.harness.journal import Journal
    from twinfeed.harness.properties import (
        BindingError,
        Property,
        PropertySyntaxError,
        PropertyViolated,
        Verdict,
        WrongKind,
        always,
        eventually,
        for_at_least,
        never,
        until,
        within,
    )
    from twinfeed.harness.quantities import UnknownQuantity
    from twinfeed.harness.report import Measure, MeasurementError, OutsideLimits
    from twinfeed.harness.transports import (
        DeviceHandle,
        NoAnswer,
        NotAdmitted,
        NotShown,
        Reading,
        Refused,
        TransportError,
        WrongAnswer,
    )
    from twinfeed.harness.unknown import Unknown
    from twinfeed.harness.worlds.world import Cannot, NeverInjected, NotKnown, World
else:
    from twinfeed._lazy import lazily

    __getattr__, __dir__ = lazily(
        __name__,
        {
            "twinfeed._version": "__version__",
            "twinfeed.emulators.plant.kernel.actor": "PlantError",
            "twinfeed.emulators.serving": "ServeError",
            "twinfeed.emulators.site": "Site",
            "twinfeed.emulators.textfile": "FileError",
            "twinfeed.harness.controllers.in_process": "ControllerFailed NoSuchController",
            "twinfeed.harness.faults.injection": "Injection InjectionError",
            "twinfeed.harness.faults.scenario": "Scenario",
            "twinfeed.harness.journal": "Journal",
            "twinfeed.harness.properties": (
                "BindingError Property PropertySyntaxError PropertyViolated Verdict WrongKind always eventually "
                "for_at_least never until within"
            ),
            "twinfeed.harness.quantities": "UnknownQuantity",
            "twinfeed.harness.report": "Measure MeasurementError OutsideLimits",
            "twinfeed.harness.transports": (
                "DeviceHandle NoAnswer NotAdmitted NotShown Reading Refused TransportError WrongAnswer"
            ),
            "twinfeed.harness.unknown": "Unknown",
            "twinfeed.harness.worlds.world": "Cannot NeverInjected NotKnown World",
        },
    )

__all__ = [
    "BindingError",
    "Cannot",
    "ControllerFailed",
    "DeviceHandle",
    "FileError",
    "Injection",
    "InjectionError",
    "Journal",
    "Measure",
    "MeasurementError",
    "NeverInjected",
    "NoAnswer",
    "NoSuchController",
    "NotAdmitted",
    "NotKnown",
    "NotShown",
    "OutsideLimits",
    "PlantError",
    "Property",
    "PropertySyntaxError",
    "PropertyViolated",
    "Reading",
    "Refused",
    "Scenario",
    "ServeError",
    "Site",
    "TransportError",
    "Unknown",
    "UnknownQuantity",
    "Verdict",
    "World",
    "WrongAnswer",
    "WrongKind",
    "__version__",
    "always",
    "eventually",
    "for_at_least",
    "never",
    "until",
    "within",
]
