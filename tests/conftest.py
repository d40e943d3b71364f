"""Settings shared by every test."""

import os

# Test processes run side by side, so each keeps to one thread. The libraries read these
# variables once, when they are first imported.
for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_variable, "1")

# A terminal's width would wrap the output that tests read; off a terminal it is fixed.
os.environ.pop("COLUMNS", None)
