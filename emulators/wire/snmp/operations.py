"""The operations on a tree: RFC 3416 §4.2, and RFC 3584 §4 for v1 managers."""

import logging
from collections.abc import Callable
from typing import NamedTuple

from twinfeed.emulators.wire.snmp.access import View
from twinfeed.emulators.wire.snmp.ber import (
    Syntax,
    Value,
    decode_oid,
    decode_value,
    encode_integer,
    encode_sequence,
    encode_tlv,
    format_oid,
)
from twinfeed.emulators.wire.snmp.message import (
    V1_ERROR_STATUS,
    ErrorStatus,
    Pdu,
    PduType,
    content_room,
    encode_raw_varbind,
)
from twinfeed.emulators.wire.snmp.mib import MibTree, SetError, Unanswered

_log = logging.getLogger(__name__)

REQUESTS = frozenset({PduType.GET, PduType.GET_NEXT, PduType.SET, PduType.GET_BULK})
V1_REQUESTS = REQUESTS - {PduType.GET_BULK}

_NO_ERROR = encode_integer(0) + encode_integer(0)  # error-status and error-index
_NO_SUCH_OBJECT = bytes((Syntax.NO_SUCH_OBJECT, 0))
_NO_SUCH_INSTANCE = bytes((Syntax.NO_SUCH_INSTANCE, 0))
_END_OF_MIB_VIEW = bytes((Syntax.END_OF_MIB_VIEW, 0))


class Outcome(NamedTuple):
    """The rest of a Response-PDU after its request-id, and the figures for the counters."""

    tail: bytes
    status: int
    bindings: int


class _Refusal(Exception):
    """The request ends with this error and its own bindings."""

    def __init__(self, status: ErrorStatus, index: int) -> None:
        super().__init__(status.name, index)
        self.status = status
        self.index = index


def execute(tree: MibTree, pdu: Pdu, *, v1: bool, writable: View, room: int) -> Outcome | None:
    """Carry out the request and return the answer, an encoded PDU of at most `room` octets. What may be read is in
    the tree, what may be set in `writable`.

    None when not even a tooBig error fits: the request is then dropped (RFC 3416 §4.2.1). None, too, when a variable
    raises one of the tree's `fatal` exceptions. Work ends as soon as it is known that the answer does not
    fit; a SET that is answered tooBig has set nothing (§4.2.5).
    """
    fixed = 2 + len(pdu.request_id)
    list_room = content_room(content_room(room) - fixed - len(_NO_ERROR))
    try:
        if pdu.tag == PduType.GET:
            bindings = _get(tree, pdu, v1, list_room)
        elif pdu.tag == PduType.GET_NEXT:
            bindings = _get_next(tree, pdu, v1, list_room)
        elif pdu.tag == PduType.GET_BULK:
            bindings = _get_bulk(tree, pdu, list_room)
        else:
            bindings = _set(tree, pdu, writable, list_room)
        content = b"".join(bindings)
        assert len(content) <= list_room, "each request has looked at the room there is"
        return Outcome(_NO_ERROR + encode_sequence(content), ErrorStatus.NO_ERROR, len(bindings))
    except _Refusal as refusal:
        status, index = refusal.status, refusal.index
    except Unanswered:
        return None
    return _error(pdu, status, index, v1, content_room(room) - fixed)


def refuse(pdu: Pdu, status: ErrorStatus, index: int, *, v1: bool, room: int) -> Outcome | None:
    """The answer to a request that is not carried out, or None if it does not fit."""
    return _error(pdu, status, index, v1, content_room(room) - 2 - len(pdu.request_id))


def _error(pdu: Pdu, status: ErrorStatus, index: int, v1: bool, tail_room: int) -> Outcome | None:
    if v1:
        status = V1_ERROR_STATUS.get(status, status)
    if status != ErrorStatus.TOO_BIG or v1:  # a v1 tooBig repeats the bindings, RFC 1157 §4.1.2
        echoed = b"".join(map(encode_raw_varbind, pdu.varbinds))
        tail = encode_integer(status) + encode_integer(index) + encode_sequence(echoed)
        if len(tail) <= tail_room:
            return Outcome(tail, status, len(pdu.varbinds))
    if not v1:
        tail = encode_integer(ErrorStatus.TOO_BIG) + encode_integer(0) + encode_sequence()
        if len(tail) <= tail_room:
            return Outcome(tail, ErrorStatus.TOO_BIG, 0)
    return None


def _read(tree: MibTree, position: int, index: int) -> bytes:
    """The encoded binding at `position`; a device that cannot read it makes this binding, the request's
    `index`-th, a genErr."""
    try:
        return tree.encode(position)
    except tree.fatal as error:
        raise Unanswered(str(error)) from error
    except Exception as error:  # whatever a device's code raises: the manager gets genErr, the log the reason
        _log.warning("reading %s failed: %r", format_oid(tree.layout.oids[position]), error)
        tree.touched_volatile = True  # this may go better at the next request
        raise _Refusal(ErrorStatus.GEN_ERR, index) from error


def _get(tree: MibTree, pdu: Pdu, v1: bool, room: int) -> list[bytes]:
    position_of = tree.layout.position
    encoded = tree.encoded
    bindings: list[bytes] = []
    for index, (name, _, _) in enumerate(pdu.varbinds, 1):
        position = position_of.get(name)
        if position is not None:
            if v1 and tree.instances[position].syntax == Syntax.COUNTER64:
                raise _Refusal(ErrorStatus.NO_SUCH_NAME, index)
            binding = encoded[position] or _read(tree, position, index)
        elif v1:
            raise _Refusal(ErrorStatus.NO_SUCH_NAME, index)
        else:
            known = tree.has_object(decode_oid(name))
            binding = _exception(name, _NO_SUCH_INSTANCE if known else _NO_SUCH_OBJECT)
        room -= len(binding)
        if room < 0:
            raise _Refusal(ErrorStatus.TOO_BIG, 0)
        bindings.append(binding)
    return bindings


def _exception(name: bytes, exception: bytes) -> bytes:
    return encode_sequence(encode_tlv(Syntax.OBJECT_IDENTIFIER, name), exception)


def _get_next(tree: MibTree, pdu: Pdu, v1: bool, room: int) -> list[bytes]:
    encoded = tree.encoded
    end = len(encoded)
    bindings: list[bytes] = []
    for index, (name, _, _) in enumerate(pdu.varbinds, 1):
        position = tree.after(name)
        if v1:
            while position < end and tree.instances[position].syntax == Syntax.COUNTER64:
                position += 1
        if position < end:
            binding = encoded[position] or _read(tree, position, index)
        elif v1:
            raise _Refusal(ErrorStatus.NO_SUCH_NAME, index)
        else:
            binding = _exception(name, _END_OF_MIB_VIEW)
        room -= len(binding)
        if room < 0:
            raise _Refusal(ErrorStatus.TOO_BIG, 0)
        bindings.append(binding)
    return bindings


def _get_bulk(tree: MibTree, pdu: Pdu, room: int) -> list[bytes]:
    """RFC 3416 §4.2.3. Stops at the first binding that does not fit in `room` octets, and after the first
    repetition that is endOfMibView throughout."""
    encoded = tree.encoded
    end = len(encoded)
    single = min(pdu.non_repeaters, len(pdu.varbinds))
    bindings: list[bytes] = []
    size = 0
    names = [raw.name for raw in pdu.varbinds]
    for index, name in enumerate(names[:single], 1):
        position = tree.after(name)
        if position < end:
            binding = encoded[position] or _read(tree, position, index)
        else:
            binding = _exception(name, _END_OF_MIB_VIEW)
        size += len(binding)
        if size > room:
            return _truncated(bindings)
        bindings.append(binding)
    names = names[single:]
    cursors: list[int] = []  # found in the first repetition, which may not get to the last column
    columns = range(len(names))
    for repetition in range(pdu.max_repetitions if names else 0):
        ended = True
        for column in columns:
            if not repetition:
                cursors.append(tree.after(names[column]))
            position = cursors[column]
            if position < end:
                binding = encoded[position] or _read(tree, position, single + column + 1)
                cursors[column] = position + 1
                ended = False
            else:
                # the name last returned, which is the tree's last once the column got anywhere
                started = tree.after(names[column]) < end
                binding = _exception(tree.layout.names[-1] if started else names[column], _END_OF_MIB_VIEW)
            size += len(binding)
            if size > room:
                return _truncated(bindings)
            bindings.append(binding)
        if ended:
            break
    return bindings


def _truncated(bindings: list[bytes]) -> list[bytes]:
    if not bindings:
        raise _Refusal(ErrorStatus.TOO_BIG, 0)
    return bindings


def _set(tree: MibTree, pdu: Pdu, writable: View, room: int) -> list[bytes]:
    """RFC 3416 §4.2.5: see that the answer fits, check everything, then write everything as one change; what was
    written is undone if a write fails."""
    answer = list(map(encode_raw_varbind, pdu.varbinds))
    if sum(map(len, answer)) > room:
        raise _Refusal(ErrorStatus.TOO_BIG, 0)
    planned: list[tuple[Callable[[Value], None], Value, Value]] = []  # write, new value, value before
    for index, (name, tag, content) in enumerate(pdu.varbinds, 1):
        if not writable.includes(decode_oid(name)):
            raise _Refusal(ErrorStatus.NO_ACCESS, index)
        position = tree.find(name)
        if position is None:
            possible = tree.object_is_writable(decode_oid(name))
            raise _Refusal(ErrorStatus.NO_CREATION if possible else ErrorStatus.NOT_WRITABLE, index)
        instance = tree.instances[position]
        if instance.write is None:
            raise _Refusal(ErrorStatus.NOT_WRITABLE, index)
        if tag != instance.syntax:
            raise _Refusal(ErrorStatus.WRONG_TYPE, index)
        value = decode_value(tag, content)
        try:
            if instance.check is not None:
                instance.check(value)
            planned.append((instance.write, value, instance.read()))
        except SetError as error:
            raise _Refusal(error.status, index) from error
        except tree.fatal as error:
            raise Unanswered(str(error)) from error
        except Exception as error:  # see _read
            _log.warning("checking %s failed: %r", format_oid(instance.oid), error)
            raise _Refusal(ErrorStatus.GEN_ERR, index) from error
    if planned:
        _commit(tree, planned)
    return answer


def _commit(tree: MibTree, planned: list[tuple[Callable[[Value], None], Value, Value]]) -> None:
    failure: Exception | None = None
    undone = True
    index = 0
    try:
        with tree.writing():
            for index, (write, value, _) in enumerate(planned, 1):
                try:
                    write(value)
                except tree.fatal:
                    raise
                except Exception as error:  # see _read
                    failure, undone = error, _undo(planned[: index - 1])
                    break
    except tree.fatal as error:
        raise Unanswered(str(error)) from error
    except Exception as error:  # all was written, but the device cannot be so; it has taken it back
        failure = error
    finally:
        tree.invalidate()
    if failure is None:
        return
    if not undone:
        raise _Refusal(ErrorStatus.UNDO_FAILED, 0) from failure
    if isinstance(failure, SetError):  # the device refuses a value that its check let pass, with a reason
        raise _Refusal(failure.status, index) from failure
    _log.warning("carrying out binding %d of a SET failed: %r", index, failure)
    raise _Refusal(ErrorStatus.COMMIT_FAILED, index) from failure


def _undo(written: list[tuple[Callable[[Value], None], Value, Value]]) -> bool:
    """Write the earlier values back. Returns False if a write failed."""
    complete = True
    for write, _, before in reversed(written):
        try:
            write(before)
        except Exception as error:  # see _read
            _log.warning("undoing a write failed: %r", error)
            complete = False
    return complete
