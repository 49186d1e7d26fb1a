"""Numbers as people read them."""

_UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB")


def size(count: int) -> str:
    """`812 B`, `12.3 KiB`, `4.1 GiB`."""
    value = float(count)
    for unit in _UNITS:
        if value < 1023.95 or unit == _UNITS[-1]:
            break
        value /= 1024
    return f"{count} B" if unit == "B" else f"{value:.1f} {unit}"


def counted(count: int, noun: str, several: str | None = None) -> str:
    """`1 file`, `1,203 files`."""
    return f"{count:,} {noun if count == 1 else several or f'{noun}s'}"
