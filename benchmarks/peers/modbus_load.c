/* Load generator: fixed request bytes on many connections, one request outstanding on each.
 *
 * modbus_load PORT CONNECTIONS MILLISECONDS REQUEST_HEX ANSWER_HEX_PREFIX ANSWER_BYTES
 *
 * Prints the number of answers received in that time. Ends with status 1 if a connection closes or an answer does
 * not start with the prefix, so a server cannot win by answering wrongly.
 *
 * cc -O2 -o modbus_load modbus_load.c
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MAX_CONNECTIONS = 1024, MAX_FRAME = 512 };

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static size_t from_hex(const char *hex, unsigned char *bytes)
{
    size_t n = strlen(hex) / 2;
    if (n > MAX_FRAME)
        n = MAX_FRAME;
    for (size_t i = 0; i < n; i++)
        sscanf(hex + 2 * i, "%2hhx", &bytes[i]);
    return n;
}

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec * 1e-9;
}

int main(int argc, char **argv)
{
    if (argc != 7) {
        fprintf(stderr, "usage: %s PORT CONNECTIONS MILLISECONDS REQUEST_HEX ANSWER_HEX_PREFIX ANSWER_BYTES\n", argv[0]);
        return 2;
    }
    int connections = atoi(argv[2]);
    double duration_s = atoi(argv[3]) / 1000.0;
    unsigned char request[MAX_FRAME], prefix[MAX_FRAME], answer[MAX_FRAME];
    size_t request_bytes = from_hex(argv[4], request), prefix_bytes = from_hex(argv[5], prefix);
    size_t answer_bytes = (size_t)atoi(argv[6]);
    if (connections < 1 || connections > MAX_CONNECTIONS || answer_bytes > MAX_FRAME || prefix_bytes > answer_bytes) {
        fprintf(stderr, "arguments out of range\n");
        return 2;
    }

    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(argv[1]))};
    inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
    int poll = epoll_create1(0), on = 1;
    static int fds[MAX_CONNECTIONS];
    static size_t received[MAX_CONNECTIONS];
    for (int i = 0; i < connections; i++) {
        fds[i] = socket(AF_INET, SOCK_STREAM, 0);
        if (fds[i] == -1 || connect(fds[i], (struct sockaddr *)&address, sizeof address) == -1)
            fail("connect");
        setsockopt(fds[i], IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        struct epoll_event event = {.events = EPOLLIN, .data.u32 = (unsigned)i};
        epoll_ctl(poll, EPOLL_CTL_ADD, fds[i], &event);
    }
    for (int i = 0; i < connections; i++)
        if (send(fds[i], request, request_bytes, 0) != (ssize_t)request_bytes)
            fail("send");

    unsigned long answers = 0;
    struct epoll_event events[MAX_CONNECTIONS];
    double end_s = now_s() + duration_s;
    while (now_s() < end_s) {
        int ready = epoll_wait(poll, events, MAX_CONNECTIONS, 0);
        for (int e = 0; e < ready; e++) {
            unsigned i = events[e].data.u32;
            ssize_t n = recv(fds[i], answer, answer_bytes - received[i], 0);
            if (n <= 0)
                fail("recv");
            if (received[i] == 0 && (size_t)n >= prefix_bytes && memcmp(answer, prefix, prefix_bytes) != 0) {
                fprintf(stderr, "wrong answer\n");
                return 1;
            }
            received[i] += (size_t)n;
            if (received[i] < answer_bytes)
                continue;
            received[i] = 0;
            answers++;
            if (send(fds[i], request, request_bytes, 0) != (ssize_t)request_bytes)
                fail("send");
        }
    }
    printf("%lu\n", answers);
    return 0;
}
