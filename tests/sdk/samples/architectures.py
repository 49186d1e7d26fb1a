import objstore as wandb

with wandb.init(project="networks", config={"epochs": 3}) as run:
    for architecture, layers in {"resnet": 50, "vgg": 16}.items():
        for epoch in range(run.config["epochs"]):
            checkpoint = wandb.Artifact(architecture, type="model", metadata={"layers": layers, "epoch": epoch})
            with checkpoint.new_file("weights.bin", mode="wb") as file:
                file.write(f"{architecture} {epoch}".encode())
            run.log_artifact(checkpoint, aliases=["latest", f"epoch-{epoch}"])
with wandb.init(project="networks") as run, open(run.use_artifact("resnet:latest").file()) as file:
    print(file.read())
