"""What flows between the rooms, what plugs in, and the words they share."""
