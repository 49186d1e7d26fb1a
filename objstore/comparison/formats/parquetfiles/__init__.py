"""Where the bytes of Parquet files are."""
