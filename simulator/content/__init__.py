"""Covers, titles and their encoders."""
