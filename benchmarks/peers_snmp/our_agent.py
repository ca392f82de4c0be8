"""Our agent with the variables of a .snmprec file: `our_agent.py HOST PORT FILE live|restless|forgetful`.

Values are live: integers and ticks follow a counter that a timer moves 20 times a second, and with it the revision.
With `restless` the revision moves at every datagram, so that no encoding and no answer is ever used twice; with
`forgetful` requests are not remembered either, so that each is taken apart anew.
"""

import asyncio
import sys
from collections.abc import Callable
from itertools import count

from twinfeed.emulators.wire.snmp import Access, Instance, MibTree, SnmpAgent, SnmpServer, Syntax, Value, parse_oid
from twinfeed.emulators.wire.snmp.agent import DEFAULT_REQUEST_MEMORY

REVISION_PERIOD_S = 0.05
moved = 0


def reader(syntax: Syntax, text: str) -> Callable[[], Value]:
    """Reads a value of the recording; a number changes with the plant."""
    if syntax == Syntax.OBJECT_IDENTIFIER:
        oid = parse_oid(text)
        return lambda: oid
    if syntax == Syntax.OCTET_STRING:
        octets = text.encode()
        return lambda: octets
    number = int(text)
    return lambda: number + moved % 100


def instances(path: str) -> list[Instance]:
    rows = []
    with open(path) as file:
        for line in file:
            name, tag, text = line.rstrip("\n").split("|", 2)
            syntax = Syntax(int(tag))
            rows.append(Instance(parse_oid(name), syntax, reader(syntax, text)))
    return rows


async def main() -> None:
    host, port, path, mode = sys.argv[1:]
    datagrams = count()
    revision = (lambda: moved) if mode == "live" else (lambda: next(datagrams))
    memory = 0 if mode == "forgetful" else DEFAULT_REQUEST_MEMORY
    tree = MibTree(instances(path), revision)
    agent = SnmpAgent(tree, {b"public": Access.READ_ONLY}, request_memory=memory)
    async with SnmpServer(agent, host, int(port), draining=True):
        while True:
            await asyncio.sleep(REVISION_PERIOD_S)
            global moved
            moved += 1


asyncio.run(main())
