import objstore as wandb

with wandb.init(project="programs") as run:
    run.log_code(".", name="everything", include_fn=lambda path: path.endswith((".py", ".ipynb")), exclude_fn=lambda path: "old" in path)
    run.log_code("package", name="package")
