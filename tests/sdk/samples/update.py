import objstore as wandb

with wandb.init(project="bicycles") as run:
    artifact = run.use_artifact("bicycle-dataset:latest")
    artifact.description = "two wheels"
    artifact.metadata["oldKey"] = "new value"
    artifact.save()

api = wandb.Api()
artifact = api.artifact("bicycles/bicycle-dataset:latest")
print(artifact.metadata)
artifact.description = "two wheels each"
artifact.metadata = {"newKey": "new value"}
artifact.aliases.append("best")
artifact.aliases.remove("latest")
artifact.tags = ["checked"]
artifact.save()
artifact = api.artifact("bicycles/bicycle-dataset:best")
artifact.aliases = ["replaced"]
artifact.save()

collection = api.artifact_collection("dataset", "bicycles/bicycle-dataset")
collection.name = "bikes"
collection.description = "all of them"
collection.save()
