"""Five writers at once, as processes, in a group."""

import multiprocessing

import objstore as wandb

GROUP = "writer-group-1"


def train(i):
    with wandb.init(group=GROUP) as run:
        artifact = wandb.Artifact(name="parallel-artifact", type="dataset")
        with artifact.new_file(f"parts/part_{i}.csv") as file:
            file.write(f"{i},{i * 2},{2**i}\n")
        run.upsert_artifact(artifact)


if __name__ == "__main__":
    with multiprocessing.get_context("spawn").Pool(5) as pool:
        pool.map(train, range(5))
    with wandb.init(group=GROUP) as run:
        artifact = wandb.Artifact("parallel-artifact", type="dataset")
        run.finish_artifact(artifact)
