"""What things are: frozen models without I/O."""
