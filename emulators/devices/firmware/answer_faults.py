"""Answer faults: one point is answered in an odd way that real products are known for; all others are answered well.

A fault of this module belongs to a point (`null:battery.charge`). It changes neither the plant nor what the firmware
acts on: only the answer that a client gets. `emulators.profiles.odd_answers` gives the octets. Where a product shows
the point in several variables or registers, all of them suffer.
"""

from __future__ import annotations

from collections.abc import Mapping

from twinfeed.emulators.plant.kernel.faults import Fault, Parameter

_POINT = ("point",)


def _answer(doc: str, source: str, **parameters: Parameter) -> Fault:
    return Fault(doc, parameters, "protocol", _POINT, source)


def _form(doc: str, last: int) -> Parameter:
    return Parameter(1, "", 1, last, doc, neutral=None, whole=True)


ANSWER_FAULTS: Mapping[str, Fault] = {
    "null": _answer("the point is answered with NULL; its registers hold 0", "networkupstools/nut issue 355"),
    "sentinel": _answer(
        "the point is answered with a number that means 'no value' in many products",
        "SunSpec Information Model Specification, values of points that are not implemented",
        form=_form("1 all bits set, 2 the highest signed number, 3 the lowest signed number, 4 zero", 4),
    ),
    "wrong-type": _answer(
        "a number is answered as text of its digits, all else as INTEGER 0; registers hold the digits as ASCII",
        "RFC 2578 §7.1",
    ),
    "missing": _answer(
        "the point is not there",
        "RFC 3416 §4.2.1; for form 2 lextudio/pysnmp issue 236, for form 3 influxdata/telegraf issue 16873",
        form=_form(
            "1 walks skip it, reads get noSuchInstance or exception 2; 2 walks get noSuchInstance at its name, too; "
            "3 a request that touches it is not answered",
            3,
        ),
    ),
    "malformed": _answer(
        "the variable is encoded as RFC 3416 and X.690 do not allow (SNMP only)",
        "etingof/pysnmp issues 119 and 190, gosnmp issues 53, 583 and 609",
        form=_form(
            "1 an unsigned number with its sign bit set, 2 an integer of more than 32 bits, 3 no octets, 4 too many "
            "octets, 5 a padded sub-identifier, 6 the length in its long form, 7 the type UInteger32, 8 a "
            "sub-identifier over 2^32-1",
            8,
        ),
    ),
    "swapped": _answer(
        "the octets of the value's registers are in another order (Modbus only)",
        "stephane/libmodbus issue 358, home-assistant/core issue 80442",
        form=_form("1 words swapped, 2 octets of each word swapped, 3 both", 3),
    ),
    "counter-wrap": _answer(
        "a counter stands just before its end when the fault begins, and runs on past 0",
        "RFC 2578 §7.1.6",
        left=Parameter(1000.0, "counts", 0.0, 2.0**31, "counts left before 0 at the onset", neutral=None),
        speed=Parameter(1.0, "", 0.0, 1e6, "how many times as fast as the true counter", neutral=1.0),
    ),
}
"""Every device can suffer these, at any point that its product shows."""

SNMP_ONLY = frozenset({"malformed"})
MODBUS_ONLY = frozenset({"swapped"})
COUNTERS_ONLY = frozenset({"counter-wrap"})
