"""The octets of odd answers: what a client receives for a point with one of `emulators.devices.answer_faults`.

odd = odd_points(device)                         # {} while no point suffers one
binding = snmp_binding(tree_name, instance, entry, odd["battery.charge"])
octets = registers(register, read, odd["battery.charge"])
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache

from twinfeed.emulators.devices.firmware.answer_faults import ANSWER_FAULTS, COUNTERS_ONLY, MODBUS_ONLY, SNMP_ONLY
from twinfeed.emulators.devices.firmware.device import Device
from twinfeed.emulators.plant.kernel.faults import split
from twinfeed.emulators.profiles.registers import BOUNDS, ordered, packer
from twinfeed.emulators.profiles.schema import Entry, Profile, Register, SnmpObject
from twinfeed.emulators.profiles.values import Raw, shower
from twinfeed.emulators.wire.modbus.unit import IllegalAddress
from twinfeed.emulators.wire.modbus.unit import Unanswered as ModbusUnanswered
from twinfeed.emulators.wire.snmp.ber import INTEGER_RANGE, SEQUENCE, Syntax, Value, encode_tlv, encode_value
from twinfeed.emulators.wire.snmp.mib import Instance
from twinfeed.emulators.wire.snmp.mib import Unanswered as SnmpUnanswered

Odd = Mapping[str, Mapping[str, float]]
"""The answer faults of one point: kind -> parameter -> number."""

ABSENT_FORMS = (1, 2, 3)
WALKS_SKIP_IT, WALKS_MEET_IT, UNANSWERED = ABSENT_FORMS
"""Forms of `missing`."""

UINTEGER32 = 0x47
"""The tag of a type that RFC 1442 had and RFC 1902 dropped."""

COUNTERS = ("counter32", "counter64")


def odd_points(device: Device) -> dict[str, Odd]:
    """The points of the device with answer faults, and their faults."""
    found: dict[str, Odd] = {}
    for key, parameters in device.state.faults.items():
        kind, of = split(key)
        if kind in ANSWER_FAULTS:
            for name in of:
                found[name] = {**found.get(name, {}), kind: parameters}
    return found


def refusal(profile: Profile, kind: str, point: str) -> str:
    """The reason why no answer of that product can show the fault at that point; '' if an answer can.

    `kind` is one of `ANSWER_FAULTS`.
    """
    shown = _index(_Same(profile)).entries(point)
    if not shown:
        return f"{profile.profile} does not show {point}"
    if kind in SNMP_ONLY and not any(isinstance(entry, SnmpObject) for entry in shown):
        return f"{profile.profile} does not show {point} over SNMP"
    if kind in MODBUS_ONLY and not any(isinstance(entry, Register) for entry in shown):
        return f"{profile.profile} does not show {point} in Modbus registers"
    if kind in COUNTERS_ONLY and not any(_counts(entry) for entry in shown):
        return f"{profile.profile} does not show {point} as a counter or in registers of whole numbers"
    return ""


def entries(profile: Profile) -> Iterator[Entry]:
    """All entries of a profile: objects, registers and bits."""
    if profile.snmp is not None:
        yield from profile.snmp.objects
    if profile.modbus is not None:
        yield from profile.modbus.registers
        yield from profile.modbus.bits


class _Shown:
    """The entries of a profile by the points that they show: a site has tens of thousands of points to look up."""

    def __init__(self, profile: Profile) -> None:
        templates: dict[str, list[Entry]] = {}
        for entry in entries(profile):
            if entry.point is not None:
                templates.setdefault(entry.point, []).append(entry)
        self._fixed = {template: found for template, found in templates.items() if "{" not in template}
        self._tables: dict[tuple[int, str], list[tuple[re.Pattern[str], list[Entry]]]] = {}
        """Templates with indices, by how many parts they have and the first of them."""
        for template, found in templates.items():
            if template not in self._fixed:
                between = re.split(r"\{[^}]*\}", template)
                pattern = re.compile("[0-9-]+".join(map(re.escape, between)))
                self._tables.setdefault(_shape(template), []).append((pattern, found))

    def entries(self, point: str) -> list[Entry]:
        """The entries that show that point of a device, in no order."""
        found = list(self._fixed.get(point, ()))
        for shape in (_shape(point), (point.count("."), "")):
            for pattern, shown in self._tables.get(shape, ()):
                if pattern.fullmatch(point):
                    found += shown
        return found


def _shape(name: str) -> tuple[int, str]:
    """The number of points of a name, and its first part; '' for a first part with an index in it."""
    first = name.partition(".")[0]
    return name.count("."), "" if "{" in first else first


class _Same:
    """A profile as the key of a cache: the object itself, since comparing profiles takes long."""

    def __init__(self, profile: Profile) -> None:
        self.profile = profile

    def __hash__(self) -> int:
        return id(self.profile)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.profile is self.profile


@lru_cache(maxsize=512)
def _index(same: _Same) -> _Shown:
    return _Shown(same.profile)


def _counts(entry: Entry) -> bool:
    if isinstance(entry, SnmpObject):
        return entry.type in COUNTERS
    return isinstance(entry, Register) and entry.type in BOUNDS


# -- SNMP -----------------------------------------------------------------------------------------------------


def snmp_binding(name: bytes, instance: Instance, entry: SnmpObject, odd: Odd) -> bytes:
    """The encoded binding of a variable whose point has these faults. `name` holds the content octets of its name.

    Raises:
        Unanswered: the request is not answered.
    """
    missing = odd.get("missing")
    if missing is not None:
        if missing["form"] == UNANSWERED:
            raise SnmpUnanswered(f"{entry.oid} suffers `missing` of form {UNANSWERED}")
        return _binding(name, bytes((Syntax.NO_SUCH_INSTANCE, 0)))
    value = _odd_number(instance, entry, odd)
    if "null" in odd:
        return _binding(name, bytes((Syntax.NULL, 0)))
    if "wrong-type" in odd:
        syntax, value = (Syntax.OCTET_STRING, b"%d" % value) if isinstance(value, int) else (Syntax.INTEGER, 0)
        return _binding(name, encode_value(syntax, value))
    encoded = encode_value(instance.syntax, value)
    return _malformed(name, encoded, int(odd["malformed"]["form"])) if "malformed" in odd else _binding(name, encoded)


def _binding(name: bytes, value: bytes) -> bytes:
    return encode_tlv(SEQUENCE, encode_tlv(Syntax.OBJECT_IDENTIFIER, name) + value)


def _odd_number(instance: Instance, entry: SnmpObject, odd: Odd) -> Value:
    """The variable's value; another one under `counter-wrap` and `sentinel`."""
    value = instance.read()
    low, high = INTEGER_RANGE.get(instance.syntax, (0, 0))
    wrap, sentinel = odd.get("counter-wrap"), odd.get("sentinel")
    if wrap is not None and isinstance(value, int) and entry.type in COUNTERS:
        value = _wrapping(value, shower(entry)(wrap["at"]), high + 1, wrap)
    if sentinel is None:
        return value
    if isinstance(value, int):
        bits = 64 if instance.syntax == Syntax.COUNTER64 else 32
        return int.from_bytes(_sentinel_octets(bits // 8, int(sentinel["form"])), "big", signed=low < 0)
    return (0, 0) if isinstance(value, tuple) else bytes(len(value or b"")) if entry.type == "ipaddress" else b""


def _wrapping(now: int, then: Raw, end: int, fault: Mapping[str, float]) -> int:
    """A counter that had `left` counts left before `end` at the value `then`, and has counted at `speed` since."""
    passed = (now - int(float(then))) % end
    return (end - int(fault["left"]) + int(passed * fault["speed"])) % end


def _sentinel_octets(size: int, form: int) -> bytes:
    return {
        1: b"\xff" * size,
        2: b"\x7f" + b"\xff" * (size - 1),
        3: b"\x80" + bytes(size - 1),
    }.get(form, bytes(size))


def _malformed(name: bytes, encoded: bytes, form: int) -> bytes:
    tag, content = encoded[0], encoded[-_content_length(encoded) :] if encoded[1] else b""
    number = tag in INTEGER_RANGE
    width = 8 if tag == Syntax.COUNTER64 else 4
    if not number and form in (1, 2, 7):
        form = 3
    match form:
        case 1:
            content = _with_sign_bit(content, width)
        case 2:
            content = b"\x01" + content[-width:].rjust(width, b"\0")
        case 3:
            content = b""
        case 4:
            content = b"\x01" * (2 * width) if number else content[:8].ljust(8, b"\0")
        case 5:
            last = _last_sub_identifier(name)
            name = name[:last] + b"\x80" + name[last:]
        case 6:
            return _binding(name, bytes((tag, 0x82)) + len(content).to_bytes(2, "big") + content)
        case 7:
            tag = UINTEGER32
        case _:
            name = name[: _last_sub_identifier(name)] + b"\x90\x80\x80\x80\x05"  # 2^32 + 5
    return _binding(name, encode_tlv(tag, content))


def _content_length(encoded: bytes) -> int:
    if encoded[1] < 0x80:
        return encoded[1]
    return int.from_bytes(encoded[2 : 2 + (encoded[1] & 0x7F)], "big")


def _with_sign_bit(content: bytes, width: int) -> bytes:
    octets = content[-width:].rjust(width, b"\0")
    return bytes((octets[0] | 0x80,)) + octets[1:]


def _last_sub_identifier(name: bytes) -> int:
    """The start of the last sub-identifier in the content octets of a name."""
    at = len(name) - 1
    while at and name[at - 1] & 0x80:
        at -= 1
    return at


# -- Modbus ---------------------------------------------------------------------------------------------------


def registers(register: Register, read: Callable[[], Raw], odd: Odd) -> bytes:
    """The octets of the registers of a value whose point has these faults.

    Raises:
        IllegalAddress: the registers are not there.
        Unanswered: the request is not answered.
    """
    refuse_missing(odd, f"{register.table} {register.address}")
    size = 2 * register.words
    if "null" in odd:
        return bytes(size)
    raw = read()
    wrap = odd.get("counter-wrap")
    if wrap is not None and register.type in BOUNDS and isinstance(raw, (int, float)):
        raw = _wrapping(int(raw), shower(register)(wrap["at"]), BOUNDS[register.type][1] + 1, wrap)
    octets = packer(register)(raw)
    if (sentinel := odd.get("sentinel")) is not None:
        octets = _sentinel_registers(register, size, int(sentinel["form"]))
    if "wrong-type" in odd:
        digits = raw if isinstance(raw, bytes) else str(raw).encode("latin-1", "replace")
        octets = digits[:size].ljust(size, b"\0")
    if (swapped := odd.get("swapped")) is not None:
        octets = _reordered(octets, int(swapped["form"]))
    return octets


def refuse_missing(odd: Odd, where: str) -> None:
    """Raise the refusal of a point with the fault `missing`; see `registers`."""
    missing = odd.get("missing")
    if missing is not None and missing["form"] == UNANSWERED:
        raise ModbusUnanswered(f"{where} suffers `missing` of form {UNANSWERED}")
    if missing is not None:
        raise IllegalAddress(f"{where} suffers `missing`")


def bit(value: bool, odd: Odd, where: str) -> bool:
    """A coil or discrete input whose point has these faults. Raises the errors of `registers`."""
    refuse_missing(odd, where)
    if "null" in odd or "wrong-type" in odd:
        return False
    sentinel = odd.get("sentinel")
    return value if sentinel is None else sentinel["form"] in (1, 2)


def _sentinel_registers(register: Register, size: int, form: int) -> bytes:
    if register.type in ("f32", "f64") and form in (2, 3):  # all bits set is a NaN
        largest = struct.unpack(">f", b"\x7f\x7f\xff\xff")[0] if register.type == "f32" else 1.7976931348623157e308
        return packer(register)(largest if form == 2 else -largest)
    octets = _sentinel_octets(size, form)
    return ordered(register, octets)


def _reordered(octets: bytes, form: int) -> bytes:
    words = [octets[at : at + 2] for at in range(0, len(octets), 2)]
    if form in (1, 3):
        words.reverse()
    if form in (2, 3):
        words = [word[::-1] for word in words]
    return b"".join(words)
