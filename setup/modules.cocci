// SPDX-License-Identifier: GPL-2.0-or-later
// Mistakes that kernel code is prone to. Run by setup/coccinelle.sh; each match is a finding.

@ no_err_ptr @
expression x;
identifier f =~ "^(kmalloc|kzalloc|kcalloc|kvcalloc|kvmalloc|alloc_workqueue|mempool_create_kmalloc_pool|alloc_pages_node)$";
position p;
@@
  x = f(...)
  ... when != x
* IS_ERR@p(x)

@ no_null @
expression x;
identifier f =~ "^(ib_alloc_cq|ib_alloc_pd|rdma_create_id|compat_alloc_disk|debugfs_create_dir)$";
@@
  x = f(...)
  ... when != x
* !x

@ sleeps_under_spinlock @
expression lock;
identifier take =~ "^spin_lock(_bh|_irq|_irqsave)?$", give =~ "^spin_unlock(_bh|_irq|_irqrestore)?$";
@@
  take(lock, ...)
  ... when != give(lock, ...)
(
* GFP_KERNEL
|
* cond_resched()
|
* msleep(...)
|
* mutex_lock(...)
)

@ lock_kept @
expression lock;
identifier take =~ "^spin_lock(_bh|_irq|_irqsave)?$", give =~ "^spin_unlock(_bh|_irq|_irqrestore)?$";
@@
  take(lock, ...)
  ... when != give(lock, ...)
* return ...;

@ used_after_free @
expression x;
identifier free =~ "^(kfree|kvfree|mempool_free|__free_page|put_page|module_put)$";
identifier member;
@@
  free(x, ...)
  ... when != x = ...
* x->member

@ unsigned_below_zero @
unsigned int x;
@@
* x < 0
