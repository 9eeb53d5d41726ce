"""A disk that loses power: an nbdkit plugin.

What is written lies in this process's memory until a flush (or a write with FUA) puts it into the file. As in a real
disk, each 512-byte sector may also get there by itself before that: a seeded coin decides for every sector of every
write, so that at a cut some sectors of one write are new and others old. SIGKILL of this process is the power cut:
in one moment everything unflushed is gone and nobody can flush any more.

    nbdkit --foreground --unix SOCKET python disk.py image=FILE seed=NUMBER lost=FILE

`lost` holds, as one little-endian 64-bit number, how many sectors a cut at this moment would lose.
"""

import errno
import mmap
import os
import random

import nbdkit

API_VERSION = 2
SECTOR = 512

settings = {}
unflushed = {}


def config(key, value):
    settings[key] = value


def config_complete():
    missing = {"image", "seed", "lost"} - settings.keys()
    if missing:
        raise RuntimeError(f"give {', '.join(sorted(missing))}")


def get_ready():
    global image, coin, lost
    image = os.open(settings["image"], os.O_RDWR)
    coin = random.Random(int(settings["seed"]))
    counter = os.open(settings["lost"], os.O_RDWR | os.O_CREAT, 0o600)
    os.ftruncate(counter, 8)
    lost = mmap.mmap(counter, 8)
    os.close(counter)


def open(readonly):
    return 1


def get_size(handle):
    return os.fstat(image).st_size


def block_size(handle):
    return (SECTOR, 4096, 0xFFFFFFFF)


def can_flush(handle):
    return True


def can_fua(handle):
    return nbdkit.FUA_NATIVE


def pread(handle, buffer, offset, flags):
    if (offset | len(buffer)) % SECTOR:
        nbdkit.set_error(errno.EINVAL)
        raise ValueError("not whole sectors")
    view = memoryview(buffer)
    os.preadv(image, [view], offset)
    for at in range(0, len(view), SECTOR):
        held = unflushed.get(offset + at)
        if held is not None:
            view[at : at + SECTOR] = held


def pwrite(handle, buffer, offset, flags):
    if (offset | len(buffer)) % SECTOR:
        nbdkit.set_error(errno.EINVAL)
        raise ValueError("not whole sectors")
    if flags & nbdkit.FLAG_FUA:
        os.pwrite(image, buffer, offset)
        for at in range(0, len(buffer), SECTOR):
            unflushed.pop(offset + at, None)
    else:
        coins = coin.getrandbits(len(buffer) // SECTOR)
        for at in range(0, len(buffer), SECTOR):
            sector = bytes(buffer[at : at + SECTOR])
            if coins & 1:
                os.pwrite(image, sector, offset + at)
                unflushed.pop(offset + at, None)
            else:
                unflushed[offset + at] = sector
            coins >>= 1
    count()


def flush(handle, flags):
    for offset, sector in unflushed.items():
        os.pwrite(image, sector, offset)
    unflushed.clear()
    count()


def count():
    lost[:] = len(unflushed).to_bytes(8, "little")
