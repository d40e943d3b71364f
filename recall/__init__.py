"""Recall channels: one file a channel."""
