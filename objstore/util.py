"""Where W&B's scripts look for a new run's id: `wandb.util.generate_id()`."""

from objstore.sdk.runinfo import new_run_id as generate_id

__all__ = ["generate_id"]
