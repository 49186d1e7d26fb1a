import sys

import objstore as wandb

api = wandb.Api()

artifact = api.artifact("bicycles/bicycle-dataset:v0")
producer_run = artifact.logged_by()
consumer_runs = artifact.used_by()
print(producer_run.job_type, sorted(run.job_type for run in consumer_runs))

entity, project, run_id = producer_run.path
run = api.run(f"{entity}/{project}/{run_id}")
assert run.id == producer_run.id, sys.exit(1)
produced = run.logged_artifacts()
print([artifact.name for artifact in produced], [artifact.name for artifact in run.used_artifacts()])
for consumer in consumer_runs:
    print([artifact.name for artifact in consumer.used_artifacts()], [artifact.type for artifact in consumer.logged_artifacts()])
