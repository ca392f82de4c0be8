/* An SNMP load generator: SOCKETS connected UDP sockets, one request outstanding on each, for SECONDS.
 *
 * usage: load HOST PORT SECONDS SOCKETS < requests
 * Each line of standard input is one request in hex; sockets go through them in turn. The request-id is the four
 * octets at the end of "02 04 xx xx xx xx" following the PDU's tag and length; each sending gets a new one, and an answer
 * counts only if it carries that request-id and error-status noError. A request unanswered for 200 ms is lost and sent anew.
 * prints: answers per second, requests lost, wrong answers, own CPU seconds per second, mean octets per answer
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MAX_REQUESTS 64
#define MAX_SOCKETS 256
#define MAX_OCTETS 2048

static unsigned char request[MAX_REQUESTS][MAX_OCTETS];
static int request_length[MAX_REQUESTS], id_offset[MAX_REQUESTS], requests;

struct client {
    int fd;
    unsigned id;
    double sent_at;
};
static struct client client[MAX_SOCKETS];
static unsigned next_id = 0x01000000;
static unsigned long turn;

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec * 1e-9;
}

/* Offset of the four request-id octets in a v1/v2c message with short lengths or 81/82 forms; -1 if there is none. */
static int find_request_id(const unsigned char *octets, int length) {
    int at = 1;
    at += octets[at] & 0x80 ? 1 + (octets[at] & 0x7f) : 1; /* SEQUENCE */
    at += 3;                                               /* version */
    at += 2 + octets[at + 1];                              /* community */
    at += 1;
    at += octets[at] & 0x80 ? 1 + (octets[at] & 0x7f) : 1; /* PDU */
    if (at + 9 > length || octets[at] != 2 || octets[at + 1] != 4) return -1;
    return at + 2;
}

static void send_next(struct client *c, double t) {
    int i = turn++ % requests;
    unsigned id = next_id++;
    if (next_id >= 0x7f000000) next_id = 0x01000000;
    unsigned char *p = request[i] + id_offset[i];
    p[0] = id >> 24, p[1] = id >> 16, p[2] = id >> 8, p[3] = id;
    c->id = id;
    c->sent_at = t;
    if (send(c->fd, request[i], request_length[i], 0) < 0) perror("send");
}

int main(int argc, char **argv) {
    if (argc != 5) return fprintf(stderr, "usage: load HOST PORT SECONDS SOCKETS < requests\n"), 2;
    double seconds = atof(argv[3]);
    int sockets = atoi(argv[4]);
    static char line[2 * MAX_OCTETS + 2];
    while (requests < MAX_REQUESTS && fgets(line, sizeof line, stdin)) {
        int n = 0;
        for (unsigned octet; sscanf(line + 2 * n, "%2x", &octet) == 1; n++) request[requests][n] = octet;
        request_length[requests] = n;
        id_offset[requests] = find_request_id(request[requests], n);
        if (id_offset[requests] < 0) return fprintf(stderr, "no four-octet request-id in: %s", line), 2;
        requests++;
    }
    if (!requests || sockets < 1 || sockets > MAX_SOCKETS) return fprintf(stderr, "nothing to send\n"), 2;

    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[2]))};
    if (!inet_aton(argv[1], &to.sin_addr)) return fprintf(stderr, "not an address: %s\n", argv[1]), 2;
    int poll = epoll_create1(0);
    double start = now(), t = start, swept = start;
    for (int i = 0; i < sockets; i++) {
        client[i].fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
        if (client[i].fd < 0 || connect(client[i].fd, (struct sockaddr *)&to, sizeof to) < 0) return perror("socket"), 1;
        struct epoll_event e = {.events = EPOLLIN, .data.u32 = i};
        epoll_ctl(poll, EPOLL_CTL_ADD, client[i].fd, &e);
        send_next(&client[i], t);
    }
    unsigned long good = 0, lost = 0, wrong = 0, octets = 0;
    while ((t = now()) < start + seconds) {
        struct epoll_event events[MAX_SOCKETS];
        int ready = epoll_wait(poll, events, MAX_SOCKETS, 50);
        t = now();
        for (int i = 0; i < ready; i++) {
            struct client *c = &client[events[i].data.u32];
            unsigned char answer[65536];
            int n = recv(c->fd, answer, sizeof answer, 0);
            if (n < 0) continue;
            int at = find_request_id(answer, n);
            unsigned char *p = answer + at;
            unsigned id = at < 0 ? 0 : (unsigned)p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3];
            if (id != c->id) {
                wrong++;
                continue;
            }
            if (p[4] == 2 && p[5] == 1 && p[6] == 0) good++, octets += n;
            else wrong++;
            send_next(c, t);
        }
        if (t - swept > 0.05) {
            swept = t;
            for (int i = 0; i < sockets; i++)
                if (t - client[i].sent_at > 0.2) lost++, send_next(&client[i], t);
        }
    }
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    double cpu = used.ru_utime.tv_sec + used.ru_stime.tv_sec + (used.ru_utime.tv_usec + used.ru_stime.tv_usec) * 1e-6;
    double took = t - start;
    printf("%.0f %lu %lu %.2f %.0f\n", good / took, lost, wrong, cpu / took, good ? (double)octets / good : 0);
    return 0;
}
