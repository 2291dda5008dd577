"""The README's pictures show what the tool shows."""

from tests.cli.harness import SESSIONS, needs_pty
from tests.pictures.make import FOLDER, make_pictures, text_of


@needs_pty
def test_they_are_up_to_date() -> None:
    """Where this fails, `python -m tests.pictures` makes them again."""
    for name, svg in make_pictures().items():
        assert text_of((FOLDER / name).read_text(encoding="utf-8")) == text_of(svg)


def test_they_show_the_demo() -> None:
    pieces = " ".join(text_of((FOLDER / "list.svg").read_text(encoding="utf-8")))

    assert all(name in pieces for name in SESSIONS)
    assert "~/sdgen-demo/images" in " ".join(text_of((FOLDER / "show.svg").read_text(encoding="utf-8")))
