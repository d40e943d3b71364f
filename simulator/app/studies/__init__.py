"""Studies of designs: many worlds, policies, horizons and designs, held against the truth."""
