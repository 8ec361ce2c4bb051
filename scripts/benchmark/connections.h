// What the programs with many connections have in common.
#pragma once
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

// Microseconds of a monotonic clock.
static long now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000L + time.tv_nsec / 1000;
}

static void fail(const char *what) {
    perror(what);
    exit(1);
}

// A connection, watched by `epoll` under its number. Each loopback address has ports of its own.
static int join(int epoll, int port, int number) {
    struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK + (unsigned)number % 8)};
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int joined = socket(AF_INET, SOCK_STREAM, 0);
    if (joined < 0 || bind(joined, (struct sockaddr *)&from, sizeof from) != 0) fail("socket");
    if (connect(joined, (struct sockaddr *)&to, sizeof to) != 0) fail("connect");
    fcntl(joined, F_SETFL, O_NONBLOCK);
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = (unsigned)number};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, joined, &event) != 0) fail("epoll_ctl");
    return joined;
}

static int later(const void *first, const void *second) {
    long difference = *(const long *)first - *(const long *)second;
    return difference < 0 ? -1 : difference > 0;
}
