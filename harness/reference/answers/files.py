"""The JSON documents of commands on files: sites, profiles, reports, records, the manual."""

from __future__ import annotations

from typing_extensions import TypedDict


class Product(TypedDict):
    """A product that can be emulated."""

    profile: str
    kind: str
    vendor: str
    product: str
    snmp_objects: int
    modbus_registers: int
    file: str | None
    """The path of a profile of your own; None for one that ships."""


class CheckedSite(TypedDict):
    """A site file without mistakes."""

    site: str
    components: int
    devices: int


class ManualPage(TypedDict):
    """A page of the manual."""

    page: str
    title: str
    languages: list[str]


class ManualText(ManualPage):
    """A page of the manual with its text."""

    text: str
    """Markdown."""


class CheckedProfile(TypedDict):
    """A profile without mistakes."""

    profile: str
    kind: str
    protocols: list[str]
    """snmp, modbus."""


class Kinds(TypedDict):
    """The names of all kinds."""

    components: list[str]
    devices: list[str]


class KindPointEntry(TypedDict):
    """A point of a kind of device (`points --kind`)."""

    name: str
    unit: str
    access: str
    """ro or rw."""
    values: list[str]
    """The words that an enumeration takes."""
    doc: str
    shown_by: list[str]
    """The shipped profiles that show it."""


class Suite(TypedDict):
    """A starter folder."""

    folder: str
    files: list[str]


class DraftedProfile(TypedDict):
    """A draft of a profile."""

    file: str
    points: int
    """Entries that show a point."""
    fixed: int
    """Entries with a fixed value."""
    todos: int
    """Places that a person must decide."""
    notes: list[str]
    """Remarks on the register list."""


class TroubleFound(TypedDict):
    """One thing that is wrong with a record."""

    standing: str
    """unvouched or wrong."""
    says: str


class RecordChecked(TypedDict):
    """One record file."""

    file: str
    lines: int
    """The lines that are believed: those before the first break."""
    last: str
    """Hash of the last line."""
    broken: str
    """The place and kind of the alteration; empty for none."""
    keys: list[str]
    """The public keys that signed its lines, hexadecimal; an empty one stands for lines without a signature."""
    standing: str
    """verified, unvouched or wrong."""


class Verified(TypedDict):
    """The records of a run, checked."""

    standing: str
    """verified, unvouched or wrong: the worst of all."""
    records: list[RecordChecked]
    troubles: list[TroubleFound]


class ReportMade(TypedDict):
    """The report of a recorded run. `--data FILE` writes all that is in it."""

    page: str
    files: list[str]
    """All that were written, the page first."""
    sound: bool
    """False if a record or an attached file was altered; then the exit code is 1."""
    troubles: list[TroubleFound]
