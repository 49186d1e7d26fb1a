import objstore as wandb

with wandb.init(project="old", entity="team", id="producer") as run:
    for number in range(4):
        artifact = wandb.Artifact("data", type="dataset")
        with artifact.new_file("n.txt") as file:
            file.write(str(number))
        run.log_artifact(artifact, aliases=["keep"] if number == 1 else [])
    other = wandb.Artifact("other", type="dataset")
    other.add_file("delete.py")
    run.log_artifact(other)

api = wandb.Api(overrides={"project": "old", "entity": "team"})
for version in api.artifact_versions("dataset", "data"):
    if len(version.aliases) == 0:
        version.delete()
print([version.name for version in api.artifacts("dataset", "data")])
for artifact in api.run("team/old/producer").logged_artifacts():
    if artifact.name[-2:] == "v3":
        artifact.delete(delete_aliases=True)
print([version.name for version in api.artifacts("dataset", "data")])

for collection in api.project(name="old", entity="team").collections():
    print(collection.type, collection.name, sum(version.size for version in collection.artifacts()))
api.artifact_collection("dataset", "team/old/other").delete()
