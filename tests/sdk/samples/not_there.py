import objstore as wandb

run = wandb.init(project="bicycles")
try:
    run.use_artifact("bicycle-datasets:latest")
except wandb.errors.CommError as error:
    print(error)
api = wandb.Api()
print(api.artifact_exists("bicycle-dataset:v0"), api.artifact_exists("bicycle-dataset:v7"), api.artifact_exists("none:v0"))
wandb.run.finish()
wandb.teardown()
