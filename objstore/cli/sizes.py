"""Numbers as people read them."""

from objstore.values.sizes import counted, size

__all__ = ["counted", "size"]
