import objstore as wandb

with wandb.init(project="references") as run:
    artifact = run.use_artifact("mnist:latest")
    for entry in artifact.manifest.entries.values():
        versionID = entry.extra.get("versionID")  # noqa: N816
        etag = entry.extra.get("etag")
        print(entry.path, versionID, etag, entry.ref)
