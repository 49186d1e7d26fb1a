"""The same without `with`, by the functions of the module."""

import objstore as wandb

wandb.init(project="bicycles", config={"lr": 0.1, "layers": 3}, tags=["baseline"])
wandb.config.update({"lr": 0.2}, allow_val_change=True)
for step in range(3):
    wandb.log({"loss": 1 / (step + 1), "epoch": step}, step=step)
wandb.run.summary["best"] = 0.25
wandb.use_artifact("bicycle-dataset:v0", type="dataset")
model = wandb.Artifact(f"model-{wandb.run.id}", type="model", metadata=dict(wandb.config))
with model.new_file("weights.txt") as file:
    file.write("0.1 0.2")
wandb.log_artifact(model, aliases=["latest", "best-ap50"])
print(wandb.run.id, wandb.run.name, wandb.run.url, wandb.run.project_name(), wandb.run.entity)
wandb.finish()
