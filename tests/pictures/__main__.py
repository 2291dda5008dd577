"""`python -m tests.pictures`: makes the README's pictures again."""

from tests.pictures.make import FOLDER, make_pictures

if __name__ == "__main__":
    for name, svg in make_pictures().items():
        (FOLDER / name).write_text(svg, encoding="utf-8")
