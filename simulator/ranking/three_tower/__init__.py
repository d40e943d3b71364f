"""Pre-rank with three towers: reader once a request, note from a cache, cross for each note."""
