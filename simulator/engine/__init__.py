"""One run from start to finish: SimPy clock, request path, the only writer of platform state."""
