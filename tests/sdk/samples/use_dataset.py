import objstore as wandb

with wandb.init(project="bicycles", job_type="training") as run:
    dataset = run.use_artifact("bicycle-dataset:latest")
    folder = dataset.download()
    print(folder)
