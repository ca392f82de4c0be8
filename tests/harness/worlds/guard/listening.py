"""A process that counts what reaches it: connections, octets and datagrams. It prints the sum when its input ends."""

import selectors
import socket
import sys

tcp = socket.create_server(("127.0.0.1", 0))
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
udp.bind(tcp.getsockname())
print(tcp.getsockname()[1], flush=True)

waiting = selectors.DefaultSelector()
for source in (tcp, udp, sys.stdin):
    waiting.register(source, selectors.EVENT_READ)

connections = octets = 0
while True:
    for key, _ in waiting.select():
        if key.fileobj is sys.stdin:
            line = sys.stdin.readline()
            if not line:
                sys.exit()
            # Octets sent before this line are in the buffers by now, for all of it is on one machine.
            for ready, _ in waiting.select(0):
                if ready.fileobj is tcp:
                    connections += 1
                    waiting.register(tcp.accept()[0], selectors.EVENT_READ)
            for ready, _ in waiting.select(0):
                if ready.fileobj not in (tcp, sys.stdin):
                    octets += len(ready.fileobj.recv(65535))
            print(connections, octets, flush=True)
            connections = octets = 0
        elif key.fileobj is tcp:
            connections += 1
            waiting.register(tcp.accept()[0], selectors.EVENT_READ)
        else:
            data = key.fileobj.recv(65535)
            octets += len(data)
            if not data and key.fileobj is not udp:
                waiting.unregister(key.fileobj)
                key.fileobj.close()
