"""The test harness: worlds, transports, faults, properties, measurements and the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

if not __name__.startswith("twinfeed."):  # a second copy of every class
    raise ImportError(f"found `import {__name__}`, expected `import twinfeed.{__name__}`")

if TYPE_CHECKING:
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
        falls,
        for_at_least,
        never,
        rises,
        until,
        within,
    )
    from twinfeed.harness.quantities import UnknownQuantity
    from twinfeed.harness.report import Measure, Measurement, MeasurementError, OutsideLimits
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
            "twinfeed.harness.controllers.in_process": "ControllerFailed NoSuchController",
            "twinfeed.harness.faults.injection": "Injection InjectionError",
            "twinfeed.harness.faults.scenario": "Scenario",
            "twinfeed.harness.journal": "Journal",
            "twinfeed.harness.properties": (
                "BindingError Property PropertySyntaxError PropertyViolated Verdict WrongKind always eventually "
                "falls for_at_least never rises until within"
            ),
            "twinfeed.harness.quantities": "UnknownQuantity",
            "twinfeed.harness.report": "Measure Measurement MeasurementError OutsideLimits",
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
    "Injection",
    "InjectionError",
    "Journal",
    "Measure",
    "Measurement",
    "MeasurementError",
    "NeverInjected",
    "NoAnswer",
    "NoSuchController",
    "NotAdmitted",
    "NotKnown",
    "NotShown",
    "OutsideLimits",
    "Property",
    "PropertySyntaxError",
    "PropertyViolated",
    "Reading",
    "Refused",
    "Scenario",
    "TransportError",
    "Unknown",
    "UnknownQuantity",
    "Verdict",
    "World",
    "WrongAnswer",
    "WrongKind",
    "always",
    "eventually",
    "falls",
    "for_at_least",
    "never",
    "rises",
    "until",
    "within",
]
