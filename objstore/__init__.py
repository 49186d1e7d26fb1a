"""objstore: Git-style, content-addressed versions of datasets and models."""

__version__ = "0.1.0"
