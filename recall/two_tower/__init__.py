"""Two-tower model: learned vectors of readers and notes for recall."""
