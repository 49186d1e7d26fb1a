"""Under which path a table is kept, given its name."""

from objstore.values.paths import canonical

TABLE = ".table.parquet"
PARTITIONED = ".partitioned-table.json"

_OF_WANDB = ".table.json"


def table_path(name: str) -> str:
    """`my_table.table.parquet` for `my_table`. ValueError for a name that can't be a path."""
    return base(name) + TABLE


def partitioned_path(name: str) -> str:
    """`my_table.partitioned-table.json` for `my_table`. ValueError for a name that can't be a path."""
    return base(name) + PARTITIONED


def base(name: str) -> str:
    """The name without the suffix that says what it is: W&B's scripts sometimes write its own, `my_table.table.json`."""
    path = canonical(name)
    for suffix in (TABLE, PARTITIONED, _OF_WANDB):
        if path.endswith(suffix) and not path.endswith("/" + suffix) and path != suffix:
            return path.removesuffix(suffix)
    return path
