"""Tables: rows and columns that an artifact holds as Parquet."""
