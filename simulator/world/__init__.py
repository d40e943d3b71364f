"""The truth: who exists and how they act."""
