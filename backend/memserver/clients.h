/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All clients: what happens to them, and what is done now and then. */
#ifndef MEMSERVER_CLIENTS_H
#define MEMSERVER_CLIENTS_H

#include "backend/memserver/client.h"
#include "base/err.h"

/* What the caller set stays; clients_close() is for a success alone. */
int clients_open(struct clients *c, struct err *err);

/* Acknowledges the event. */
void clients_event(struct clients *c, struct rdma_cm_event *event);

/* When news_fd is readable: what streams have to tell. */
void clients_news(struct clients *c);

/* Now and then: finds out who vanished, and gives up what nobody came back for. */
void clients_tick(struct clients *c);
void clients_close(struct clients *c);

#endif
