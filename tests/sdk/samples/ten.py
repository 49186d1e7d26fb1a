import objstore as wandb

with wandb.init() as run:
    for i in range(10):
        a = wandb.Artifact(name="race", type="dataset", metadata={"index": i})
        with a.new_file("index.txt") as file:
            file.write(str(i))
        run.log_artifact(a)
