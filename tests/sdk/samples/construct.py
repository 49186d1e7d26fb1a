import objstore as wandb

table = {
    "new-file": lambda a: write(a, "hello.txt"),
    "base-name": lambda a: a.add_file("checkpoints/model.h5"),
    "renamed": lambda a: a.add_file("model.h5", name="models/mymodel.h5"),
    "folder": lambda a: a.add_dir("images"),
    "folder-below": lambda a: a.add_dir("images", name="images"),
    "keywords": lambda a: a.add_file(local_path="hello.txt", name="new/path/hello_world.txt", is_tmp=False, policy="mutable"),
}


def write(artifact, name):
    with artifact.new_file(name) as file:
        file.write("hello")


with wandb.init(project="cats", job_type="construct") as run:
    for name, fill in table.items():
        artifact = wandb.Artifact(name=name, type="dataset", description=f"made by {name}", metadata={"rows": 3, "sizes": (1, 2)})
        fill(artifact)
        run.log_artifact(artifact)

    everything = wandb.Artifact(name="everything", type="mixture")
    everything.add_file(local_path="hello.txt", name="greeting")
    everything.add_dir(local_path="images", name="pictures")
    with everything.new_file("notes/today.txt", mode="w", encoding="utf-8") as file:
        file.write("süß")
    run.log_artifact(everything).wait()
    print(everything.version, everything.state, everything.size, everything.file_count)
