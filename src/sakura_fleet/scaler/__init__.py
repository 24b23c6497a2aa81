"""Scaling: what the load asks for, the decision, and the job with the `pulumi up` that makes it so."""
