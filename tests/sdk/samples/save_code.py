import objstore as wandb

with wandb.init(project="programs", save_code=True) as run:
    print(run.id)
