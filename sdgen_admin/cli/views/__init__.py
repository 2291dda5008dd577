"""What the commands show: one file for each kind of thing, used by every output format."""
