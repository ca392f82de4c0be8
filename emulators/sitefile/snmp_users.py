"""Users and communities of the agents of a site: names, passwords, protocols, levels, views."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from twinfeed.emulators.wire.snmp import AuthProtocol, PrivProtocol, parse_subtree
from twinfeed.emulators.wire.snmp.crypto import MIN_PASSWORD_OCTETS

Level = Literal["noAuthNoPriv", "authNoPriv", "authPriv"]

LEVELS: dict[str, int] = {"noAuthNoPriv": 0, "authNoPriv": 1, "authPriv": 3}
"""Security levels (RFC 3411 §3.4.3) as message flags."""

AUTH = {
    "md5": AuthProtocol.MD5,
    "sha": AuthProtocol.SHA1,
    "sha224": AuthProtocol.SHA224,
    "sha256": AuthProtocol.SHA256,
    "sha384": AuthProtocol.SHA384,
    "sha512": AuthProtocol.SHA512,
}

PRIV = {
    "des": PrivProtocol.DES,
    "aes128": PrivProtocol.AES128,
    "aes192": PrivProtocol.AES192,
    "aes256": PrivProtocol.AES256,
    "aes192-c": PrivProtocol.AES192_C,
    "aes256-c": PrivProtocol.AES256_C,
}
"""As net-snmp names them: -c is the key extension of draft-reeder, which Cisco and many cards use."""

ALIASES = {"sha1": "sha", "aes": "aes128", "aes192c": "aes192-c", "aes256c": "aes256-c"}


def _protocol(text: Any) -> Any:
    """`SHA-256`, `SHA1` and `AES-256-C` as this file writes them."""
    if not isinstance(text, str):
        return text
    plain = text.lower().replace("-", "").replace("_", "")
    return ALIASES.get(plain, plain)


def _password(text: str) -> str:
    octets = len(text.encode())
    if octets < MIN_PASSWORD_OCTETS:  # the password itself is not shown
        raise ValueError(
            f"has {octets} octets, expected at least {MIN_PASSWORD_OCTETS} (RFC 3414 §11.2); take a longer password"
        )
    return text


def _user_name(text: str) -> str:
    if not 1 <= len(text.encode()) <= 32:
        raise ValueError(f"found a name of {len(text.encode())} octets, expected 1 to 32 (RFC 3414 §5)")
    return text


def _subtree(text: Any) -> Any:
    if isinstance(text, (int, float)) and not isinstance(text, bool):  # 1.3 is a number in YAML
        text = str(text)
    if isinstance(text, str):
        parse_subtree(text)
    return text


AuthName = Annotated[Literal["md5", "sha", "sha224", "sha256", "sha384", "sha512"], BeforeValidator(_protocol)]
PrivName = Annotated[Literal["des", "aes128", "aes192", "aes256", "aes192-c", "aes256-c"], BeforeValidator(_protocol)]
Password = Annotated[str, AfterValidator(_password)]
UserName = Annotated[str, AfterValidator(_user_name)]
SubtreeText = Annotated[str, BeforeValidator(_subtree)]
ViewRef = str | tuple[SubtreeText, ...]
"""`all`, `none`, the name of a view, or the subtrees themselves."""


class Form(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Entry(Form):
    """One row of a user's access (RFC 3415): from which level on, in which contexts, what."""

    level: Level | None = None
    """The lowest security level that is served; the user's own if left out."""
    read: ViewRef = "all"
    write: ViewRef = "none"
    contexts: tuple[str, ...] | None = None
    """None for all contexts."""


class SnmpUser(Form):
    """A user of the User-based Security Model as it is commissioned on a card."""

    name: UserName
    level: Level | None = None
    """The lowest security level that is served; what the passwords allow if left out."""
    auth: AuthName = "sha"
    auth_password: Password | None = Field(default=None, repr=False)
    priv: PrivName = "aes128"
    priv_password: Password | None = Field(default=None, repr=False)
    read: ViewRef = "all"
    write: ViewRef = "none"
    contexts: tuple[str, ...] | None = None
    access: tuple[Entry, ...] = ()
    """Several entries in the place of `level`, `read`, `write` and `contexts`."""

    @model_validator(mode="after")
    def _whole(self) -> SnmpUser:
        if self.priv_password is not None and self.auth_password is None:
            raise ValueError(f"user {self.name!r} has a priv_password but no auth_password (RFC 3411 §3.4.3)")
        for level in (self.level, *(entry.level for entry in self.access)):
            if level is not None and LEVELS[level] > LEVELS[self.own_level]:
                missing = "auth_password" if self.auth_password is None else "priv_password"
                raise ValueError(f"user {self.name!r} has the level {level} but no {missing}")
        if self.access and {"level", "read", "write", "contexts"} & self.model_fields_set:
            raise ValueError(f"user {self.name!r}: expected either `access` or `level`, `read`, `write`, `contexts`")
        return self

    @property
    def own_level(self) -> Level:
        """The highest level that the passwords allow."""
        if self.auth_password is None:
            return "noAuthNoPriv"
        return "authNoPriv" if self.priv_password is None else "authPriv"

    @property
    def entries(self) -> tuple[Entry, ...]:
        """The rows of its access."""
        return self.access or (Entry(level=self.level, read=self.read, write=self.write, contexts=self.contexts),)


class Community(Form):
    """A community of v1 and v2c with views of its own."""

    name: str = Field(min_length=1, repr=False)
    read: ViewRef = "all"
    write: ViewRef = "none"
