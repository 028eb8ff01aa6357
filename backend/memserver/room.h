/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory for a new client, where need be that of clients which did not come back. */
#ifndef MEMSERVER_ROOM_H
#define MEMSERVER_ROOM_H

#include "backend/memserver/client.h"

enum room { ROOM_THERE, ROOM_LATER, ROOM_NEVER };

/* Decides before anybody loses anything; what does not fit costs nobody anything. */
enum room room_make(struct clients *c, uint64_t least);

#endif
