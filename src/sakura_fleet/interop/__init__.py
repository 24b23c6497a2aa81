"""What other tools write and read: autoscaler.yaml, the report of sacloud-cpu-usage, environment files."""
