"""Access to the agents of a site, and the destinations of its notifications: the `snmp` field of site files.

    snmp:
      read: public
      write: private
      views: {power: [1.3.6.1.2.1.1, 1.3.6.1.2.1.33]}
      users:
        - {name: admin, auth: sha256, auth_password: …, priv: aes256, priv_password: …, write: all}
        - {name: monitor, level: authNoPriv, auth: md5, auth_password: …, read: power}
      traps: [{to: "127.0.0.1:1162", version: v3, user: monitor, inform: true}]

A device may have an `snmp` field of its own, whose fields take the place of the site's.
"""

from __future__ import annotations

import re
from functools import cached_property
from ipaddress import ip_address
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from twinfeed.emulators.sitefile.snmp_users import (
    AUTH,
    LEVELS,
    PRIV,
    AuthName,
    Community,
    Form,
    Level,
    Password,
    PrivName,
    SnmpUser,
    SubtreeText,
    UserName,
    ViewRef,
)
from twinfeed.emulators.wire.snmp import (
    ALL,
    NOTHING,
    Access,
    AccessEntry,
    Subtree,
    Target,
    User,
    Version,
    View,
    parse_subtree,
)

SNMP_TRAP_PORT = 162
"""IANA."""


def place(text: str) -> tuple[str, int]:
    """The address and port of a receiver written `address:port`, `[IPv6 address]:port` or without a port (162).

    ValueError when it is none of them.
    """
    match = re.fullmatch(r"(?:\[([0-9A-Fa-f:.]+)\]|([0-9.]+))(?::([0-9]{1,5}))?", text)
    host = text if match is None else match[1] or match[2]
    try:
        ip_address(host)
        number = int(match[3]) if match is not None and match[3] else SNMP_TRAP_PORT
    except ValueError:
        number = 0
    if not 1 <= number <= 65535:
        raise ValueError(f"found {text!r}, expected address:port such as 127.0.0.1:1162 or [::1]:1162")
    return host, number


def _receiver_text(text: str) -> str:
    place(text)
    return text


ReceiverText = Annotated[str, AfterValidator(_receiver_text)]


class Receiver(Form):
    """A destination of notifications, and their form."""

    to: ReceiverText
    version: Literal["v1", "v2c", "v3"] = "v2c"
    inform: bool = False
    """Sent again until it is acknowledged."""
    community: str | None = None
    """The read community if left out."""
    user: str | None = None
    """The site's first user if left out."""
    level: Level | None = None
    """The user's own if left out."""
    context: str = ""
    timeout_s: float = Field(default=15.0, gt=0.0, le=3600.0, allow_inf_nan=False)
    retries: int = Field(default=3, ge=0, le=255)

    @model_validator(mode="after")
    def _possible(self) -> Receiver:
        if self.inform and self.version == "v1":
            raise ValueError("SNMPv1 has no informs; expected version v2c or v3, or inform: false")
        if self.version != "v3" and (self.user or self.level or self.context):
            raise ValueError(f"`user`, `level` and `context` belong to version v3, found version {self.version}")
        if self.version == "v3" and self.community is not None:
            raise ValueError("`community` belongs to versions v1 and v2c, found version v3")
        return self


class SnmpAccess(Form):
    """Access to the agents, and the destinations of their notifications."""

    read: str = "public"
    """Community for reading over v1 and v2c; empty for none."""
    write: str = "private"
    communities: tuple[Community, ...] = ()
    """More communities, with views."""
    user: UserName = "twinfeed"
    """The v3 user with read and write access to everything, unless `users` lists others."""
    auth: AuthName = "sha"
    auth_password: Password = Field(default="twinfeed-auth", repr=False)
    priv: PrivName = "aes128"
    priv_password: Password = Field(default="twinfeed-priv", repr=False)
    users: tuple[SnmpUser, ...] = ()
    views: dict[str, tuple[SubtreeText, ...]] = Field(default_factory=dict)
    contexts: tuple[str, ...] = ()
    """Names under which v3 reaches a device's variables, beside the default context, which has none."""
    tcp: bool = True
    """True if agents also answer over TCP (RFC 3430)."""
    traps: tuple[ReceiverText | Receiver, ...] = ()
    """Receivers of notifications; one that is only `address:port` gets them in `trap_version`."""
    trap_version: Literal["v1", "v2c", "v3", "inform", "v3-inform"] = "v2c"

    @model_validator(mode="after")
    def _names_exist(self) -> SnmpAccess:
        names = [user.name for user in self.all_users]
        for name in {name for name in names if names.count(name) > 1}:
            raise ValueError(f"users: the name {name!r} is there twice")
        for n, community in enumerate(self.communities):
            self._check_views(f"communities.{n}", community.read, community.write)
        for user in self.all_users:
            for entry in user.entries:
                self._check_views(f"user {user.name!r}", entry.read, entry.write)
                for context in entry.contexts or ():
                    self._check_context(f"user {user.name!r}", context)
        for receiver in self.receivers:
            if receiver.version != "v3":
                continue
            sender = self._user(receiver.user)
            if sender is None:
                raise ValueError(
                    f"traps: {receiver.to} is sent to as {receiver.user!r}, expected one of {', '.join(names)}"
                )
            if receiver.level is not None and LEVELS[receiver.level] > LEVELS[sender.own_level]:
                raise ValueError(f"traps: {receiver.to} has the level {receiver.level}, {sender.name!r} no such keys")
            self._check_context(f"traps: {receiver.to}", receiver.context)
        return self

    def _check_views(self, whose: str, *refs: ViewRef) -> None:
        for ref in refs:
            if isinstance(ref, str) and ref not in ("all", "none", *self.views):
                known = ", ".join(("all", "none", *self.views))
                raise ValueError(f"{whose}: found the view {ref!r}, expected one of {known}")

    def _check_context(self, whose: str, context: str) -> None:
        if context not in ("", *self.contexts):
            known = ", ".join(map(repr, ("", *self.contexts)))
            raise ValueError(f"{whose}: found the context {context!r}, expected one of {known}")

    def with_own(self, own: dict[str, Any]) -> SnmpAccess:
        """These with a device's own fields in their place.

        Raises:
            ValidationError: a field is wrong.
        """
        fields = {name: getattr(self, name) for name in self.model_fields_set}
        if "users" in own:
            for name in ("user", "auth", "auth_password", "priv", "priv_password"):
                fields.pop(name, None)
        elif "user" in own:
            fields.pop("users", None)
        return SnmpAccess.model_validate({**fields, **own})

    @property
    def shipped(self) -> list[str]:
        """The fields whose credentials are those that ship with twinfeed, which everybody knows."""
        mine = SnmpAccess.model_fields
        names = [name for name in ("read", "write") if getattr(self, name) == mine[name].default]
        passwords = {one.auth_password for one in self.all_users} | {one.priv_password for one in self.all_users}
        return names + [name for name in ("auth_password", "priv_password") if mine[name].default in passwords]

    # -- as the wire has them -------------------------------------------------------------------------------

    @cached_property
    def all_users(self) -> tuple[SnmpUser, ...]:
        """The first is the one that stations are given: `user` if the file names it, else the first of `users`."""
        if self.users and "user" not in self.model_fields_set:
            return self.users
        first = SnmpUser(
            name=self.user,
            auth=self.auth,
            auth_password=self.auth_password,
            priv=self.priv,
            priv_password=self.priv_password,
            write="all",
        )
        return (first, *self.users)

    @cached_property
    def wire_communities(self) -> dict[bytes, Access | AccessEntry]:
        """The communities of v1 and v2c, as an agent takes them."""
        whole = ((self.read, Access.READ_ONLY), (self.write, Access.READ_WRITE))
        known: dict[bytes, Access | AccessEntry] = {name.encode(): access for name, access in whole if name}
        for one in self.communities:
            known[one.name.encode()] = AccessEntry(0, self._view(one.read), self._view(one.write))
        return known

    @cached_property
    def wire_users(self) -> tuple[User, ...]:
        """The users with their access, as an agent takes them."""
        return tuple(map(self._wire_user, self.all_users))

    @property
    def context_names(self) -> tuple[bytes, ...]:
        return (b"", *(name.encode() for name in self.contexts))

    @property
    def receivers(self) -> tuple[Receiver, ...]:
        """Destinations of notifications, those written as a text included."""
        inform = self.trap_version in ("inform", "v3-inform")
        version = {"inform": "v2c", "v3-inform": "v3"}.get(self.trap_version, self.trap_version)
        return tuple(
            Receiver.model_validate({"to": one, "version": version, "inform": inform}) if isinstance(one, str) else one
            for one in self.traps
        )

    @cached_property
    def targets(self) -> tuple[Target, ...]:
        """The destinations as an originator takes them."""
        return tuple(map(self._target, self.receivers))

    def _user(self, name: str | None) -> SnmpUser | None:
        if name is None:
            return self.all_users[0]
        return next((user for user in self.all_users if user.name == name), None)

    def _wire_user(self, user: SnmpUser) -> User:
        return User(
            user.name.encode(),
            None if user.auth_password is None else user.auth_password.encode(),
            None if user.priv_password is None else user.priv_password.encode(),
            AUTH[user.auth],
            PRIV[user.priv],
            access=tuple(
                AccessEntry(
                    LEVELS[entry.level or user.own_level],
                    self._view(entry.read),
                    self._view(entry.write),
                    None if entry.contexts is None else tuple(name.encode() for name in entry.contexts),
                )
                for entry in user.entries
            ),
        )

    def _view(self, ref: ViewRef) -> View:
        if ref == "all":
            return ALL
        if ref == "none":
            return NOTHING
        texts = self.views[ref] if isinstance(ref, str) else ref
        subtrees: tuple[Subtree, ...] = tuple(map(parse_subtree, texts))
        return View(subtrees)

    def _target(self, receiver: Receiver) -> Target:
        versions = {"v1": Version.V1, "v2c": Version.V2C, "v3": Version.V3}
        sender = self._user(receiver.user) if receiver.version == "v3" else None
        community = self.read if receiver.community is None else receiver.community
        return Target(
            place(receiver.to),
            versions[receiver.version],
            community.encode(),
            None if sender is None else self._wire_user(sender),
            inform=receiver.inform,
            timeout_s=receiver.timeout_s,
            retries=receiver.retries,
            at_level=None if receiver.level is None else LEVELS[receiver.level],
            context=receiver.context.encode(),
        )
