"""The use cases that the library offers; they join disk, stats and database."""
