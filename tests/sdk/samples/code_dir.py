import objstore as wandb

wandb.init(project="programs", settings=wandb.Settings(code_dir="package", start_method="thread"))
