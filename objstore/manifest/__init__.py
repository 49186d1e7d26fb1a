"""The manifest: a sorted map path → entry, kept as a prolly tree (spec/manifest.md)."""
