import objstore as wandb

with wandb.init(project="consumer") as run:
    artifact = run.use_artifact("cats/everything:latest")
    print(artifact.download(path_prefix="greeting", root="one"))
    print(artifact.download(path_prefix="pictures/", root="some"))
    entry = artifact.get_path("notes/today.txt")
    print(entry.download(root="entry"), entry.ref, entry.size)
    for file in artifact.files():
        print(file.name, file.size)

    model = wandb.Artifact("reference-model", type="model")
    model.add_file("model.h5")
    run.use_artifact(model)
    run.use_artifact(model)
    print(model.name)
