import objstore as wandb

with wandb.init(project="registry", id="trainer") as run:
    run.log_model(path="model.h5", name="cnn", aliases=["candidate"])
    run.link_model(path="model.h5", registered_model_name="production-cnn", name="cnn", aliases=["staging"])
    logged = run.log_artifact("images", name="pictures", type="dataset").wait()
    run.link_artifact(artifact=logged, target_path="curated", aliases=["gold"])

run = wandb.init(project="registry")
path = run.use_model(name="production-cnn:staging")
print(path)
run.finish()
