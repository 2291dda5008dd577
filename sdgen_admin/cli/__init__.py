"""The command line: a thin face on the library. The only place that knows Typer and Rich."""
