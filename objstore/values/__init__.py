"""Values that every layer shares: digests, keys, paths, binary fields."""
