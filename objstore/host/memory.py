"""How a process of ours, which does bulk work and then ends, handles its memory."""

import atexit
import gc

MAX_WRITE = 256 * 1024
"""What should be written at once, at most.

Linux makes the pieces of its page cache as large as what is written. From half a MiB on they come from large free pieces, and a virtual
machine's have gone back to the host if they were free for a while: writing a GiB to a file takes 3 s in writes of 2 MiB, 0.3 s in these.
"""
_LARGEST_COUNTED = 31 * 1024 * 1024  # glibc takes no larger piece as a hint
_OBJECTS_BETWEEN_COLLECTIONS = 100_000


def prepare_for_bulk_work() -> None:
    """To be called by a program's main, not by a library in somebody else's process.

    Freed buffers of some MiB are used again instead of going back to the system, which would have to clear each of their pages when it is
    next touched: for a copied file that is a third of the work. glibc raises its threshold for giving memory back (mallopt(3),
    M_MMAP_THRESHOLD) when a large piece is freed; elsewhere this does nothing.

    Cycles among Python's objects are looked for less often. Millions of rows are made, none of them in a cycle, and looking takes a tenth
    of the time of an add. Nor are they at the end, where the system takes all memory back: that saves 0.1 s after the libraries of a
    bucket were loaded.
    """
    bytes(_LARGEST_COUNTED)
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS, 20, 20)
    atexit.register(gc.freeze)
