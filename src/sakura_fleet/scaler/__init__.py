"""The scaler: what the load asks for, what was decided, and the `pulumi up` that makes it so."""
