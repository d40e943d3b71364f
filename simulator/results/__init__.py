"""Run folders, manifests and queries over them."""
