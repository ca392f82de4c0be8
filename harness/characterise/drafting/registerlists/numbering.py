"""The meaning of the addresses of a list: addresses of the protocol, counted from 0, from 1, or in the 40001 notation.

In the notation of Modicon's first controllers 40001 is the first holding register, 30001 the first input register,
10001 the first discrete input and 00001 the first coil; with six digits 400001 and so on. The protocol counts from 0.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

from twinfeed.harness.characterise.drafting.registerlists.cells import whole
from twinfeed.harness.characterise.drafting.registerlists.sheet import SheetLine

Numbering = Literal["auto", "pdu", "one", "40001"]
NUMBERINGS: tuple[Numbering, ...] = ("auto", "pdu", "one", "40001")

NOTATION = {"0": "coil", "1": "discrete", "3": "input", "4": "holding"}
"""First digit of the notation -> table."""

RANGE = re.compile(r"(?P<first>.+?)\s*(?:\.\.\.?|–|-|to|bis|à)\s*(?P<last>[\da-fA-FxXhH]+)")
LONELY_HEX = re.compile(r"[0-9A-Fa-f]{2,4}")
PREFIXED = re.compile(r"(?:%[MI]W|%M|HR|IR|DI|CO)\s*(\d+)", re.IGNORECASE)
CROSSED = re.compile(r"([134])[xX](\d+)")
"""`4x0017`; `0x0017` is a number in hexadecimal."""


class Address(NamedTuple):
    """The place of a line: the protocol's address; the table and the number of registers, if the cell gives them."""

    address: int
    table: str = ""
    registers: int = 0


class Reader:
    """Reads the addresses of one list: all of them are of one notation, which is found from all of them."""

    def __init__(
        self, records: Sequence[SheetLine], numbering: Numbering, recorded: Mapping[str, frozenset[int]]
    ) -> None:
        """`recorded` holds the addresses that were recorded, by table: they separate 40001 the notation from 40001 the
        address, which some products really have (SunSpec's 40000 to 40069)."""
        self.notes: list[str] = []
        texts = [record.cells.get("address", "") for record in records]
        self._hex = self._is_hex(texts)
        self.numbering: Numbering = self._found(texts, recorded) if numbering == "auto" else numbering

    def read(self, text: str) -> Address:
        """Raises ValueError with what was found and expected."""
        first, registers = text, 0
        if match := RANGE.fullmatch(text.strip()):
            first = match["first"]
            registers = self._number(match["last"]) - self._number(first) + 1
            if registers < 1:
                raise ValueError(f"found {text!r}, expected a range whose end is not before its beginning")
        if re.fullmatch(r"\d+[.:/]\d{1,2}", first.strip()) and not re.fullmatch(r"\d+\.0+", first.strip()):
            raise ValueError(f"found {text!r}, a bit of a register: list the register, and its bits in `values`")
        if self.numbering == "40001" or CROSSED.fullmatch(first.strip()):
            return self._of_notation(first)._replace(registers=registers)
        base = 1 if self.numbering == "one" else 0
        address = self._number(first) - base
        if not 0 <= address <= 65535:
            raise ValueError(f"found {text}, expected {base} to {65535 + base}")
        return Address(address, "", registers)

    def _of_notation(self, text: str) -> Address:
        crossed = CROSSED.fullmatch(text.strip())
        digits = crossed[1] + crossed[2].zfill(4) if crossed else str(whole(text)).zfill(5)
        number = int(digits[1:]) - 1
        if digits[0] not in NOTATION or not 0 <= number <= 65535 or len(digits) > 6:
            raise ValueError(
                f"found {text!r}, expected 40001 to 465536 for holding registers, 30001 … for input registers"
            )
        return Address(number, NOTATION[digits[0]])

    def _number(self, text: str) -> int:
        bare = text.strip()
        if match := PREFIXED.fullmatch(bare):
            bare = match[1]
        return int(bare, 16) if self._hex and LONELY_HEX.fullmatch(bare) else whole(bare)

    def _is_hex(self, texts: Sequence[str]) -> bool:
        """True if `0010` is hexadecimal because another address of the list is `001A`."""
        lonely = [text for text in map(str.strip, texts) if LONELY_HEX.fullmatch(text)]
        lettered = [text for text in lonely if re.search("[A-Fa-f]", text)]
        if lettered and len(lonely) == len([text for text in texts if text.strip()]):
            self.notes.append(f"the addresses are taken as hexadecimal, since one is {lettered[0]}")
            return True
        return False

    def _hint(self, texts: Sequence[str], recorded: Mapping[str, frozenset[int]]) -> None:
        """Add a note if the recording has more of the registers at one less: the list counts from 1."""
        numbers = [int(text) for text in map(str.strip, texts) if text.isdigit()]
        here, before = (
            sum(any(number - less in known for known in recorded.values()) for number in numbers) for less in (0, 1)
        )
        if before > here:
            self.notes.append(
                f"{before} of {len(numbers)} addresses were recorded at one less, {here} as they are: "
                "a list that counts from 1 is read with --addresses one"
            )

    def _found(self, texts: Sequence[str], recorded: Mapping[str, frozenset[int]]) -> Numbering:
        """The notation of the list, and a note where it was a choice."""
        digits = [text for text in (re.split(r"\s*(?:\.\.|–|-)\s*", each.strip())[0] for each in texts) if text]
        fits = bool(digits) and all(re.fullmatch(r"[0134](?!0+$)\d{4,5}", text) for text in digits)
        if not fits or not any(text[0] in "34" for text in digits):
            self._hint(texts, recorded)
            return "pdu"
        as_notation = [self._of_notation(text) for text in digits]
        known = sum(address.address in recorded.get(address.table, ()) for address in as_notation)
        as_they_are = sum(any(int(text) in addresses for addresses in recorded.values()) for text in digits)
        shown = f"{digits[0]} to {digits[-1]}" if len(digits) > 1 else digits[0]
        if as_they_are > known:
            self.notes.append(f"the addresses {shown} are taken as they are, since the recording has registers there")
            return "pdu"
        first, last = as_notation[0], as_notation[-1]
        self.notes.append(
            f"the addresses {shown} are taken as the 40001 notation: {first.table} {first.address} to "
            f"{last.table} {last.address} (--addresses pdu takes them as they are)"
        )
        return "40001"
