"""Where W&B's scripts look for tables: `wandb.data_types.PartitionedTable`."""

from objstore.sdk.tables.partitioned import PartitionedTable
from objstore.sdk.tables.table import Table

__all__ = ["PartitionedTable", "Table"]
