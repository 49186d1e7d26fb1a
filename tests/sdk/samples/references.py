"""Run as `references.py s3://bucket/place`, where that holds `datasets/mnist/` and `models/cnn/my_model.h5`."""

import sys

import objstore as wandb

place = sys.argv[1]
with wandb.init(project="references") as run:
    folder = wandb.Artifact(name="mnist", type="dataset")
    folder.add_reference(uri=f"{place}/datasets/mnist")
    run.log_artifact(folder)

    model = wandb.Artifact("cnn", type="model")
    model.add_reference(f"{place}/models/cnn/my_model.h5")
    model.add_reference(f"{place}/models/cnn/my_model.h5", name="models/mymodel.h5")
    model.add_reference(f"{place}/datasets/mnist", name="images")
    run.log_artifact(model)

with wandb.init(project="references") as run:
    print(run.use_artifact("mnist:latest", type="dataset").download())
    print(run.use_artifact(artifact_or_name="cnn", type="model").download())
