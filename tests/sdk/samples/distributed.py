"""Run as `distributed.py 1`, `2` and, at last, `3`."""

import sys

import objstore as wandb

number = sys.argv[1]
with wandb.init(project="parts") as run:
    artifact = wandb.Artifact("artifact_name", "artifact_type")
    artifact.add_file(f"image{number}.png")
    if number == "3":
        run.finish_artifact(artifact, distributed_id="my_dist_artifact")
    else:
        run.upsert_artifact(artifact, distributed_id="my_dist_artifact")
