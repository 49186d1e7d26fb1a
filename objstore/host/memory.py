"""How this process gets its memory."""

_LARGEST_COUNTED = 31 * 1024 * 1024  # glibc takes no larger piece as a hint


def keep_freed_memory() -> None:
    """Makes freed buffers of some MiB be used again instead of going back to the system, for a process that needs such ones all the time.

    The system would have to clear each of their pages when it is next touched, which for a copied file is a third of the work. glibc
    raises its threshold for giving memory back (mallopt(3), M_MMAP_THRESHOLD) when a large piece is freed; elsewhere this does nothing.
    """
    bytes(_LARGEST_COUNTED)
