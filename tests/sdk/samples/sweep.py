import sys

import objstore as wandb

sweep_name = "lr-sweep"
for lr in (0.3, 0.1, 0.2):
    with wandb.init(project="sweeps", sweep=sweep_name, config={"lr": lr}) as run:
        model = wandb.Artifact(name=sweep_name, type="model", metadata={"lr": run.config["lr"]})
        with model.new_file("model.txt") as file:
            file.write(f"trained with {run.config.lr}")
        run.log({"val_acc": 1 - run.config.lr})
        run.log_artifact(model)
sys.stdout.write(sweep_name)
