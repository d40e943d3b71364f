"""Traffic policies: one file a policy."""
