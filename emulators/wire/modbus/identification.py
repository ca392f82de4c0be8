"""Function 43/14, Read Device Identification.

Source: Modbus Application Protocol Specification V1.1b3, section 6.21.
"""

from __future__ import annotations

from collections.abc import Mapping

from twinfeed.emulators.wire.modbus.unit import DeviceFailure, IllegalAddress, IllegalFunction, IllegalValue

READ_DEVICE_IDENTIFICATION = 14
"""The MEI type; 13 (CANopen) is the only other one defined."""

_MAX_PDU_BYTES = 253
_HEAD_BYTES = 7
_LAST_OBJECT_OF_STREAM = {1: 0x02, 2: 0x7F, 3: 0xFF}
"""Read device id code (1 basic, 2 regular, 3 extended) -> highest object id of that category."""
_INDIVIDUAL = 4
_INDIVIDUAL_SUPPORTED = 0x80


def conformity_level(objects: Mapping[int, bytes]) -> int:
    """The level a device with these objects claims: 0x81 basic, 0x82 regular, 0x83 extended.

    Bit 7 means that objects can also be read one at a time, which this server always allows.
    """
    highest = max(objects)
    category = next(code for code, last in _LAST_OBJECT_OF_STREAM.items() if highest <= last)
    return _INDIVIDUAL_SUPPORTED | category


def read_device_identification(objects: Mapping[int, bytes], pdu: bytes) -> bytes:
    """Answer a function 43/14 request from `objects` (object id -> value of at most 244 bytes).

    A stream request (codes 1 to 3) gets as many whole objects of its category and those below as fit into 253
    bytes, from the object id it names on, or from the first one if that id is not among them. What does not fit
    is announced by more-follows and the next object id. An individual request (code 4) gets one object.

    Raises IllegalFunction for another MEI type or a device without identification, IllegalAddress for an
    individual object that does not exist, IllegalValue for another code or a malformed request.
    """
    if len(pdu) < 2:
        raise IllegalValue("function 43 needs an MEI type, got none")
    if pdu[1] != READ_DEVICE_IDENTIFICATION or not objects:
        raise IllegalFunction(f"MEI type {pdu[1]} is not implemented here")
    if len(pdu) != 4:
        raise IllegalValue(f"read device identification is 4 bytes long, got {len(pdu)}")
    code, first = pdu[2], pdu[3]
    if code == _INDIVIDUAL:
        if first not in objects:
            raise IllegalAddress(f"there is no identification object {first}")
        wanted = [first]
    elif code in _LAST_OBJECT_OF_STREAM:
        category = [number for number in sorted(objects) if number <= _LAST_OBJECT_OF_STREAM[code]]
        wanted = category[category.index(first) :] if first in category else category
    else:
        raise IllegalValue(f"read device id code {code} is not one of 1, 2, 3, 4")

    encoded, room, next_object = [], _MAX_PDU_BYTES - _HEAD_BYTES, None
    for number in wanted:
        value = objects[number]
        room -= 2 + len(value)
        if room < 0:
            next_object = number
            break
        encoded.append(bytes((number, len(value))) + value)
    if wanted and not encoded:
        size = len(objects[wanted[0]])
        raise DeviceFailure(f"identification object {wanted[0]} is {size} bytes, at most 244 fit a response")
    head = bytes(
        (
            pdu[0],
            READ_DEVICE_IDENTIFICATION,
            code,
            conformity_level(objects),
            0x00 if next_object is None else 0xFF,
            next_object or 0,
            len(encoded),
        )
    )
    return head + b"".join(encoded)
