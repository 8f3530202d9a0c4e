/* SPDX-License-Identifier: MIT */
/*
 * urcu.c - liburcu under names that do not clash
 *
 * Its header defines rcu_read_lock, struct rcu_head and call_rcu as sync.h does, so this file includes only
 * one of the two. Flavour: memb, whose readers execute no fence.
 */
#include <urcu/urcu-memb.h>

void native_urcu_register(void);
void native_urcu_unregister(void);
void native_urcu_read_lock(void);
void native_urcu_read_unlock(void);
void native_urcu_synchronize(void);

void native_urcu_register(void)
{
	urcu_memb_register_thread();
}

void native_urcu_unregister(void)
{
	urcu_memb_unregister_thread();
}

void native_urcu_read_lock(void)
{
	urcu_memb_read_lock();
}

void native_urcu_read_unlock(void)
{
	urcu_memb_read_unlock();
}

void native_urcu_synchronize(void)
{
	urcu_memb_synchronize_rcu();
}
