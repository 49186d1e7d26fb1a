import objstore as wandb

api = wandb.Api()
sweep = api.sweep("sweeps/lr-sweep")
runs = sorted(sweep.runs, key=lambda run: run.summary.get("val_acc", 0), reverse=True)
best_run = runs[0]
for artifact in best_run.logged_artifacts():
    print(artifact.download())
assert sweep.best_run("val_acc", order="maximize").id == best_run.id
