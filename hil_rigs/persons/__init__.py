"""Persons who work with a bench: the user at the other end of a socket, and the person whom a rig file binds to it."""

from twinfeed.hil_rigs.persons.binding import objection
from twinfeed.hil_rigs.persons.peers import peer_of

__all__ = ["objection", "peer_of"]
