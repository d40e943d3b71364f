"""Settings shared by every test."""

import os

from hypothesis import settings

# Test processes run side by side, so each keeps to one thread. The libraries read these
# variables once, when they are first imported.
for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_variable, "1")

# A terminal's width would wrap the output that tests read; off a terminal it is fixed.
os.environ.pop("COLUMNS", None)

# The same examples every time, so that a change that passes keeps passing; search for new ones with
# `HYPOTHESIS_PROFILE=explore`.
settings.register_profile("fixed", derandomize=True)
settings.register_profile("explore", derandomize=False)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "fixed"))
