"""The certificate of a console that others can reach: their own, or one that is made here and kept.

A certificate made here is signed by itself: a browser warns, and the person compares the fingerprint that
`twinfeed up` prints. It is kept in the state folder so that the fingerprint stays the same.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

VALID_DAYS = 397
"""The longest validity that browsers accept of certificates of servers (CA/Browser Forum ballot SC31, 398 days)."""


def fingerprint(path: Path) -> str:
    """The SHA-256 fingerprint of the certificate in a PEM file, as browsers show it.

    Raises:
        ValueError: the file holds no certificate.
    """
    return x509.load_pem_x509_certificate(path.read_bytes()).fingerprint(hashes.SHA256()).hex(":").upper()


def made(folder: Path, address: str, now: datetime | None = None) -> Path:
    """A PEM file with a key and a certificate for an address, made if there is none that is valid for a day more.

    Raises:
        OSError: the folder cannot be written.
    """
    now = now or datetime.now(UTC)
    path = folder / f"console-{address.replace(':', '_')}.pem"
    try:
        known = x509.load_pem_x509_certificate(path.read_bytes())
        if known.not_valid_after_utc > now + timedelta(days=1) and not path.stat().st_mode & 0o077:
            return path
    except (FileNotFoundError, ValueError):
        pass
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, f"twinfeed console at {address}")])
    names = x509.SubjectAlternativeName([x509.IPAddress(ip_address(address))])
    built = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(days=VALID_DAYS))
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    folder.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(secret + built.public_bytes(serialization.Encoding.PEM))
    return path
