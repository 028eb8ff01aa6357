// SPDX-License-Identifier: GPL-2.0-or-later
#if __has_include(<rdma/rdma_cma.h>)

#include "backend/pager/pool_rdma_verbs.h"

#include <dlfcn.h>
#include <stddef.h>
#include <string.h>

struct symbol {
	const char *name;
	size_t offset;
};

#define ROW(name) { #name, offsetof(struct verbs, name) },
static const struct symbol of_cm[] = { VERBS_OF_CM(ROW){ NULL, 0 } };
static const struct symbol of_ib[] = { VERBS_OF_IB(ROW){ NULL, 0 } };

static int load(struct verbs *v, const char *library, const struct symbol *symbols, struct err *err)
{
	void *lib = dlopen(library, RTLD_NOW | RTLD_LOCAL), *found;

	if (!lib)
		return err_missing(err,
				   "pool rdma: %s: install the Debian packages librdmacm1 and "
				   "ibverbs-providers",
				   dlerror());
	for (; symbols->name; symbols++) {
		found = dlsym(lib, symbols->name);
		if (!found)
			return err_missing(err, "pool rdma: %s has no %s: it is too old", library,
					   symbols->name);
		memcpy((char *)v + symbols->offset, &found, sizeof(found));
	}
	return 0;
}

int verbs_load(struct verbs *v, struct err *err)
{
	int rc = load(v, "librdmacm.so.1", of_cm, err);

	return rc ? rc : load(v, "libibverbs.so.1", of_ib, err);
}

#endif
