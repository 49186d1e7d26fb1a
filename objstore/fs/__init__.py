"""`objstore://` for fsspec: versions as a read-only file system."""
