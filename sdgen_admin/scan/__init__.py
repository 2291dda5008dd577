"""From ids to readings, at the drive's own speed."""
