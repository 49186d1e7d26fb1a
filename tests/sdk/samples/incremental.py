import objstore as wandb

with wandb.init(project="edits", job_type="modify dataset") as run:
    saved_artifact = run.use_artifact("my_artifact:latest")
    draft_artifact = saved_artifact.new_draft()
    draft_artifact.add_file("file_to_add.txt")
    draft_artifact.remove("dir_to_remove/")
    run.log_artifact(draft_artifact)
