"""One short file a command: it wires options to the library and a view to a format."""
