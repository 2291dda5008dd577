"""From what a folder says to `SessionStats`."""
