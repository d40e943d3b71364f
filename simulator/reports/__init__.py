"""Charts and self-contained pages: frames and text in, HTML out."""
