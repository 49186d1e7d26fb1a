"""Which files differ between two sides, and how large the difference is."""
