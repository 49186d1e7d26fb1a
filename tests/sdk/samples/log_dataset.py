import objstore as wandb

wandb.login()

with wandb.init(project="bicycles", job_type="upload-dataset") as run:
    dataset = wandb.Artifact(name="bicycle-dataset", type="dataset")
    dataset.add_file(local_path="dataset.h5")
    run.log_artifact(dataset)
