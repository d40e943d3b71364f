"""A simulator of cold start and traffic control for new notes."""
