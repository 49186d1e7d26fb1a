"""Run as `file_references.py /absolute/folder`, where that holds `datasets/mnist/` and `cnn/my_model.h5`."""

import sys

import objstore as wandb

mount = sys.argv[1]
with wandb.init() as run:
    artifact = wandb.Artifact("mnist", type="dataset")
    artifact.add_reference(f"file://{mount}/datasets/mnist/")
    run.log_artifact(artifact)

    model_artifact = wandb.Artifact("cnn", type="model")
    model_artifact.add_reference(f"file://{mount}/cnn/my_model.h5")
    run.log_artifact(model_artifact)
with wandb.init() as run:
    print(run.use_artifact("mnist:latest", type="dataset").download())
