"""What a fleet owns in the cloud, by its owner tags."""
