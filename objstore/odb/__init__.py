"""The object database: immutable objects by key, in packs, found through an index."""
