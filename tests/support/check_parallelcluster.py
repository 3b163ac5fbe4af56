"""Loads configuration files with the schema that AWS ParallelCluster itself uses, offline. usage: check_parallelcluster.py FILE..."""
import os
import sys

import yaml

os.environ.update(AWS_DEFAULT_REGION="us-east-1", AWS_ACCESS_KEY_ID="none", AWS_SECRET_ACCESS_KEY="none")
from pcluster.schemas.cluster_schema import ClusterSchema  # noqa: E402

for path in sys.argv[1:]:
    with open(path) as file:
        config = yaml.safe_load(file)
    cluster = ClusterSchema(cluster_name="test").load(config)
    queue = cluster.scheduling.queues[0]
    print(path, cluster.region, queue.capacity_type.value, queue.compute_resources[0].max_count, len(cluster.shared_storage))
    config["Scheduling"]["SlurmQueues"][0]["NoSuchKey"] = 1  # the check can fail
    try:
        ClusterSchema(cluster_name="test").load(config)
    except Exception as error:
        assert "NoSuchKey" in str(error), error
    else:
        sys.exit("an unknown key was accepted")
