import objstore as wandb

client = wandb.Api()
saved_artifact = client.artifact("my_artifact:latest")
draft_artifact = saved_artifact.new_draft()
draft_artifact.remove("modified_file.txt")
draft_artifact.add_file("modified_file.txt")
draft_artifact.save()
print(draft_artifact.version)
