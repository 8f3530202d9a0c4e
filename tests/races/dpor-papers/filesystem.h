/* SPDX-License-Identifier: MIT */
/* filesystem.h - the file system: each task gives a block to an inode that has none, under the locks of both */
#include <faultline/race.h>

#define NR_INODES 32
#define NR_BLOCKS 26

struct filesystem {
	struct race_lock inode_lock[NR_INODES], block_lock[NR_BLOCKS];
	int inode[NR_INODES]; /* its block + 1, 0: none */
	int busy[NR_BLOCKS];
};

static bool take_block(struct filesystem *fs, int inode, int block)
{
	bool taken;

	race_lock(&fs->block_lock[block]);
	taken = !fs->busy[block];
	if (taken) {
		fs->busy[block] = 1;
		fs->inode[inode] = block + 1;
	}
	race_unlock(&fs->block_lock[block]);
	return taken;
}

static void allocate(void)
{
	struct filesystem *fs = race_memory();
	int inode = race_actor() % NR_INODES, block = inode * 2 % NR_BLOCKS;

	race_lock(&fs->inode_lock[inode]);
	if (!fs->inode[inode])
		while (!take_block(fs, inode, block))
			block = (block + 1) % NR_BLOCKS;
	race_unlock(&fs->inode_lock[inode]);
}
