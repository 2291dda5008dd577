"""What is said on stderr beside the data: once, in whole sentences, and nothing when quiet."""

import pytest

from sdgen_admin.cli.says import Says, origin_words
from sdgen_admin.models.reports import ComputeReport, SessionProblem
from sdgen_admin.models.roots import Root
from sdgen_admin.settings import Origin, Settings


def report(**values: object) -> ComputeReport:
    nothing = {"computed": 0, "fresh": 0, "failed": 0, "problems": (), "seconds": 0.0}
    return ComputeReport.model_validate(nothing | values)


def said(capsys: pytest.CaptureFixture[str]) -> list[str]:
    out, err = capsys.readouterr()
    assert out == ""
    return err.splitlines()


def speak(says: Says) -> None:
    says.created("/a\x1b.db")
    says.waiting("/a.db")
    says.waiting("/a.db")
    says.backed_up("/b.db")
    says.in_memory("/a.db cannot be written.")
    says.in_memory("/a.db cannot be written.")


def test_what_happens_around_the_database_is_said_once(capsys: pytest.CaptureFixture[str]) -> None:
    speak(Says(quiet=False, verbose=False))

    assert said(capsys) == [
        "Created a new database: /a\\x1b.db",
        "Waiting for another program that is using /a.db …",
        "Backed up the database before first writing to it: /b.db",
        "The new stats are shown, but could not be stored: /a.db cannot be written.",
    ]


def test_quiet_is_silent_even_if_verbose(capsys: pytest.CaptureFixture[str]) -> None:
    says = Says(quiet=True, verbose=True)
    speak(says)
    says.note("x")
    says.more("x")
    says.problems(report(problems=[SessionProblem(session_id="a", problem="b")]), strict=False)
    says.absent(report(offline=["nas"], missing=5, newly_missing=5))

    assert said(capsys) == []


def test_what_makes_a_command_fail_is_said_even_if_quiet(capsys: pytest.CaptureFixture[str]) -> None:
    problems = (
        SessionProblem(session_id="a\n", problem="Failed.", is_failure=True),
        SessionProblem(session_id="b", problem="Odd."),
    )
    Says(quiet=True, verbose=False).problems(report(problems=problems), strict=False)
    assert said(capsys) == ['"a\\x0a": Failed.']
    Says(quiet=True, verbose=False).problems(report(problems=problems), strict=True)
    assert said(capsys) == ['"a\\x0a": Failed.', "b: Odd."]


def test_verbose_says_where_things_are(capsys: pytest.CaptureFixture[str]) -> None:
    settings = Settings(
        (Root("a", "/a"), Root("b", "/b")), Origin("option", "images-dir"), "/x.db", Origin("variable", "SDGEN_DB")
    )
    Says(quiet=False, verbose=False).settings(settings)
    assert said(capsys) == []
    Says(quiet=False, verbose=True).settings(settings)
    assert said(capsys) == [
        "images root a: /a (from --images-dir)",
        "images root b: /b (from --images-dir)",
        "database: /x.db (from SDGEN_DB)",
    ]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"computed": 9, "missing": 1}, []),
        ({"computed": 9, "missing": 1, "newly_missing": 1}, ["1 of 10 sessions has no folder any more."]),
        ({"computed": 6, "fresh": 1, "missing": 7}, ["7 of 14 sessions have no folder any more."]),
        ({"offline": ["nas"]}, ["The images root nas is offline. Its sessions are shown as recorded."]),
        ({"offline": ["a", "b"]}, ["The images roots a, b are offline. Their sessions are shown as recorded."]),
    ],
)
def test_what_is_not_there(capsys: pytest.CaptureFixture[str], values: dict[str, object], expected: list[str]) -> None:
    says = Says(quiet=False, verbose=False)
    says.absent(report(**values))
    says.absent(report(**values))

    lines = said(capsys)
    assert len(lines) == len(expected)
    assert all(line.startswith(start) for line, start in zip(lines, expected, strict=True))


def test_an_option_has_its_hyphens() -> None:
    assert origin_words(Origin("option", "db")) == "--db"
    assert origin_words(Origin("default", "beside the images root")) == "beside the images root"
