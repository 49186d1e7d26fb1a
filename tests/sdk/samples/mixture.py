"""Files, a folder, a new file and a reference in one artifact; run as `mixture.py URI`."""

import sys

import objstore as wandb

with wandb.init(project="mixtures") as run:
    artifact = wandb.Artifact("mixture", type="dataset", metadata={"source": "several"})
    artifact.add_file("hello.txt")
    artifact.add_dir("images", name="images")
    with artifact.new_file("notes.txt") as file:
        file.write("made here")
    artifact.add_reference(sys.argv[1], name="outside/model.h5")
    run.log_artifact(artifact)
