"""The Pulumi engine as the commands use it: projects, stacks, runs, and the locks of jobs."""
