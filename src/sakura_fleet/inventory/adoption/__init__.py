"""From what runs in the cloud to a stack file that takes it over: reads only."""
