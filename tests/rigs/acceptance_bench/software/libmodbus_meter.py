"""One meter on a serial line, played by libmodbus: `libmodbus_meter.py PORT FILE UNIT METER`."""

from __future__ import annotations

import ctypes
import ctypes.util
import sys
from pathlib import Path

from registers import COUNT, words

LONGEST_FRAME = 256
"""MODBUS_RTU_MAX_ADU_LENGTH of modbus-rtu.h, octets."""


class Mapping(ctypes.Structure):
    """modbus_mapping_t of modbus.h."""

    _fields_ = (
        *((name, ctypes.c_int) for kind in ("bits", "input_bits", "input_registers", "registers") for name in (f"nb_{kind}", f"start_{kind}")),
        ("tab_bits", ctypes.POINTER(ctypes.c_uint8)),
        ("tab_input_bits", ctypes.POINTER(ctypes.c_uint8)),
        ("tab_input_registers", ctypes.POINTER(ctypes.c_uint16)),
        ("tab_registers", ctypes.POINTER(ctypes.c_uint16)),
    )  # fmt: skip


def main(port: str, file: str, unit: str, meter: str) -> None:
    name = ctypes.util.find_library("modbus")
    if name is None:
        raise SystemExit("libmodbus is missing: apt install libmodbus5")
    modbus = ctypes.CDLL(name, use_errno=True)
    modbus.modbus_new_rtu.restype = ctypes.c_void_p
    modbus.modbus_new_rtu.argtypes = (ctypes.c_char_p, ctypes.c_int, ctypes.c_char, ctypes.c_int, ctypes.c_int)
    modbus.modbus_mapping_new.restype = ctypes.POINTER(Mapping)
    line = ctypes.c_void_p(modbus.modbus_new_rtu(port.encode(), 19200, b"N", 8, 2))
    modbus.modbus_set_slave(line, int(unit))
    if modbus.modbus_connect(line) != 0:
        raise SystemExit(f"libmodbus cannot open {port}")
    mapping = modbus.modbus_mapping_new(0, 0, COUNT, 0)
    for address, word in enumerate(words(Path(file), meter)):
        mapping.contents.tab_registers[address] = word
    request = ctypes.create_string_buffer(LONGEST_FRAME)
    print("serving", flush=True)
    while True:
        length = modbus.modbus_receive(line, request)
        if length > 0:
            modbus.modbus_reply(line, request, length, mapping)


main(*sys.argv[1:])
