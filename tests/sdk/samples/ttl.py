from datetime import timedelta

import objstore as wandb

with wandb.init(project="short", entity="team") as run:
    for name in ("month", "forever", "default"):
        artifact = wandb.Artifact(name=name, type="dataset")
        artifact.add_file("hello.txt")
        if name != "default":
            artifact.ttl = timedelta(days=30)
        run.log_artifact(artifact)
with wandb.init(project="short", entity="team") as run:
    artifact = run.use_artifact("team/short/forever:latest")
    artifact.ttl = None
    artifact.save()

api = wandb.Api()
artifact = api.artifact("team/short/month:latest")
artifact.ttl = timedelta(days=365)
artifact.save()
print(api.artifact("team/short/month:v0").ttl)
inherited = api.artifact("team/short/month:v0")
inherited.ttl = wandb.ArtifactTTL.INHERIT
