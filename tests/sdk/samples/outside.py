import objstore as wandb

artifact = wandb.Artifact("my_artifact", "dataset")
artifact.add_file("modified_file.txt")
artifact.add_dir("dir", name="dir_to_remove")
artifact.save(project="edits")
