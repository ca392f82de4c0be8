/* The C server to compare with: libmodbus behind a select loop, one process, 128 holding registers.
 *
 * The loop has the shape of the one libmodbus recommends for many clients: select, then receive and reply on each
 * ready socket. Prints the port it listens on and serves until killed.
 *
 * cc -O2 -o libmodbus_server libmodbus_server.c $(pkg-config --cflags --libs libmodbus)
 */
#include <arpa/inet.h>
#include <modbus.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>

enum { REGISTERS = 128, BACKLOG = 64 };

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

int main(void)
{
    modbus_t *modbus = modbus_new_tcp("127.0.0.1", 0);
    modbus_mapping_t *mapping = modbus_mapping_new(0, 0, REGISTERS, 0);
    if (modbus == NULL || mapping == NULL)
        fail("libmodbus");
    for (int i = 0; i < REGISTERS; i++)
        mapping->tab_registers[i] = (uint16_t)i;

    int listening = modbus_tcp_listen(modbus, BACKLOG);
    struct sockaddr_in address;
    socklen_t length = sizeof address;
    if (listening == -1 || getsockname(listening, (struct sockaddr *)&address, &length) == -1)
        fail("listen");
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);

    fd_set open, ready;
    FD_ZERO(&open);
    FD_SET(listening, &open);
    int highest = listening;
    for (;;) {
        ready = open;
        if (select(highest + 1, &ready, NULL, NULL, NULL) == -1)
            fail("select");
        for (int fd = 0; fd <= highest; fd++) {
            if (!FD_ISSET(fd, &ready))
                continue;
            if (fd == listening) {
                int client = accept(listening, NULL, NULL);
                if (client == -1 || client >= FD_SETSIZE)
                    fail("accept");
                FD_SET(client, &open);
                if (client > highest)
                    highest = client;
                continue;
            }
            uint8_t query[MODBUS_TCP_MAX_ADU_LENGTH];
            modbus_set_socket(modbus, fd);
            int received = modbus_receive(modbus, query);
            if (received > 0) {
                modbus_reply(modbus, query, received, mapping);
            } else if (received == -1) {
                close(fd);
                FD_CLR(fd, &open);
            }
        }
    }
}
