"""Where files are cut (spec/chunking.md)."""
