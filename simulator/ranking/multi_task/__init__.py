"""Multi-task neural rankers: shared bottom, MMoE, PLE and ESMM."""
