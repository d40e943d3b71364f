"""Pre-rank, rank, rerank and their training."""
