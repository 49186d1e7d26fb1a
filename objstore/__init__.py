"""objstore: Git-style, content-addressed versions of datasets and models."""
