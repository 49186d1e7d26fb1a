"""Five writers at once, as Ray tasks, that each add a table; the last run presents them as one."""

import time

import ray

import objstore as wandb

ARTIFACT_TYPE = "dataset"
ARTIFACT_NAME = "parallel-artifact"
PARTS = "parts"
GROUP = f"writer-group-{round(time.time())}"

ray.init(num_cpus=2, include_dashboard=False)


@ray.remote
def train(i):
    with wandb.init(group=GROUP) as run:
        artifact = wandb.Artifact(name=ARTIFACT_NAME, type=ARTIFACT_TYPE)
        table = wandb.Table(columns=["a", "b", "c"], data=[[i, i * 2, 2**i]])
        artifact.add(table, f"{PARTS}/table_{i}")
        run.upsert_artifact(artifact)


ray.get([train.remote(i) for i in range(5)])

with wandb.init(group=GROUP) as run:
    artifact = wandb.Artifact(ARTIFACT_NAME, type=ARTIFACT_TYPE)
    artifact.add(wandb.data_types.PartitionedTable(PARTS), "distributed_table")
    run.finish_artifact(artifact)
