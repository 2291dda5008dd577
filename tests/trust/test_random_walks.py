"""Anything in any order, by us and by the web UI: what a list shows is what is on disk and what was typed."""

import json
import os
import random
import shutil
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from sdgen_admin.errors import TwinSessionError
from sdgen_admin.models.metadata import SessionMetadataUpdate
from sdgen_admin.services.library import SessionLibrary
from tests.builders import add_image, an_hour_ago, date, make_manifest, make_session, write_manifest
from tests.neighbour import LONG_AGO, make_database, plain, row, rows, write_metadata, write_stats
from tests.trust.collections import assert_sound
from tests.trust.mirror import assert_mirrored

STEPS = 40
NAMES = tuple(f"20251107_1200{number:02}-walk" for number in range(8))
THEIRS = "20200101_000000-theirs"


class Walk:
    """A collection of two roots, what is known to be in it, and steps that change it."""

    def __init__(self, folder: Path, chance: random.Random, *, is_web_uis: bool) -> None:
        self._chance = chance
        self._folder = folder
        self.steps: list[str] = []
        self._roots = [folder / "first", folder / "second" / "nas"]
        self.images: dict[str, int] = {}
        """How many images the sessions on disk have."""
        for place, root in enumerate(self._roots):
            for number in range(len(NAMES) + 1):  # so many that a root that moved is always recognized
                name = make_session(root, f"2024123{place}_23595{number}-never-touched", images=1).name
                self.images[name] = 1
        self._path = folder / "metadata" / "sessions.db"
        self._moment = an_hour_ago() - timedelta(days=1)
        self._home: dict[str, Path] = {}
        """The root that holds a session's folder."""
        self.tags: dict[str, set[str]] = {}
        if is_web_uis:
            make_database(self._path)

    @property
    def library(self) -> SessionLibrary:
        """A library as a new process would make it."""
        return SessionLibrary(self._roots, self._path)

    def step(self) -> None:
        """Do something."""
        steps: list[Callable[[], object]] = [
            self.make, self.make, self.remove, self.move, self.add_image, self.tag, self.untag, self.like,
            self.delete_mirrored, self.rewrite_mirrored, self.compute, self.prune, self.move_root, self.tag_and_undo,
            self.go_offline_and_back, self.write_half_a_manifest, self.copy_and_delete_the_copy, self.use_a_third_root,
        ]  # fmt: skip
        chosen = self._chance.choice(steps)
        self.steps.append(chosen.__name__)
        chosen()

    def _next_moment(self) -> datetime:
        """Return a time for a change: each at another one, and long enough ago."""
        self._moment += timedelta(seconds=1)
        return self._moment

    def make(self) -> None:
        if names := [name for name in NAMES if name not in self._home]:
            name = self._chance.choice(names)
            self.images[name] = self._chance.randrange(4)
            self._home[name] = self._chance.choice(self._roots)
            make_session(self._home[name], name, images=self.images[name], when=self._next_moment())

    def remove(self) -> None:
        if self._home:
            name = self._chance.choice(sorted(self._home))
            self._see()
            shutil.rmtree(self._home.pop(name) / name)
            del self.images[name]

    def move(self) -> None:
        """Move a session from one root to the other."""
        if self._home:
            name = self._chance.choice(sorted(self._home))
            other = next(root for root in self._roots if root != self._home[name])
            os.rename(self._home[name] / name, other / name)
            self._home[name] = other

    def add_image(self) -> None:
        if self._home:
            name = self._chance.choice(sorted(self._home))
            folder = self._home[name] / name
            add_image(folder, f"more-{self.images[name]}.png", an_hour_ago())
            date(folder, self._next_moment())
            self.images[name] += 1

    def _nameable(self) -> list[str]:
        """Return the sessions that can be named: on disk, or recorded and gone."""
        gone = self.library.find(missing=True, limit=None).sessions
        return sorted({*self._home, *(record.session_id for record in gone)})

    def tag(self) -> None:
        if names := self._nameable():
            name, tag = self._chance.choice(names), self._chance.choice("abc")
            self.library.update_metadata(name, SessionMetadataUpdate(add_tags=(tag,)))
            self.tags.setdefault(name, set()).add(tag)

    def untag(self) -> None:
        if names := self._nameable():
            name = self._chance.choice(names)
            self.library.update_metadata(name, SessionMetadataUpdate(tags=()))
            self.tags[name] = set()

    def tag_and_undo(self) -> None:
        if names := self._nameable():
            names = self._chance.sample(names, 1 + self._chance.randrange(len(names)))
            before = rows(self._path, "session_metadata")
            assert len(self.library.update_metadata(names, SessionMetadataUpdate(add_tags=("undone",)))) == len(names)
            assert len(self.library.undo().changes) == len(names)
            assert rows(self._path, "session_metadata") == before

    def like(self) -> None:
        """As the web UI: it knows the drive by another path, or tells of sessions that were never seen."""
        name = self._chance.choice(NAMES)
        path = self._chance.choice([f"D:\\sd\\{name}", str(self._chance.choice(self._roots) / name)])
        old = row(self._path, "session_metadata", name) if self._path.exists() else None
        columns = {"session_path": path, "created_at": LONG_AGO} if old is None else dict(old)
        columns.pop("session_id", None)
        write_metadata(self._path, name, **{**columns, "is_favorite": 1})
        self.tags.setdefault(name, set())

    def delete_mirrored(self) -> None:
        if self._path.exists():
            with plain(self._path) as web_ui:
                web_ui.execute(f"DELETE FROM session_stats WHERE session_name <> '{THEIRS}' AND random() % 2")

    def rewrite_mirrored(self) -> None:
        for name in (self._chance.choice(NAMES), THEIRS):
            if name in self.images or name == THEIRS:
                write_stats(self._path, name, images_actual=77, sd_model="theirs")

    def compute(self) -> None:
        report = self.library.compute(force=self._chance.random() < 0.5)
        assert (report.failed, report.problems, report.offline) == (0, (), ())
        assert report.computed + report.fresh == len(self.images)

    def prune(self) -> None:
        self.library.prune(force=True)
        missing = self.library.find(missing=True, limit=None).sessions
        assert all(record.stats is None for record in missing)

    def move_root(self) -> None:
        """Mount the drive elsewhere."""
        self._see()
        root = self._roots[1]
        new = root.with_name(f"nas-{self._chance.randrange(10**9)}")
        root.rename(new)
        self._roots[1] = new
        self._home = {name: new if home == root else home for name, home in self._home.items()}

    def go_offline_and_back(self) -> None:
        """Whatever is done while the drive is away, its sessions are shown as recorded, and keep all they have."""
        self._see()
        root = self._roots[1]
        root.rename(self._folder / "away")
        if self._chance.random() < 0.5:
            root.mkdir()
        assert self.library.compute(force=True).offline == (root.name,)
        self.library.prune(force=True)
        assert sorted(record.session_id for record in self.library.find(limit=None).sessions) == sorted(self.images)
        self.tag()
        if root.exists():
            root.rmdir()
        (self._folder / "away").rename(root)

    def write_half_a_manifest(self) -> None:
        """As a reader sees it while the generator writes: good facts stay."""
        if self._home:
            self._see()
            name = self._chance.choice(sorted(self._home))
            folder = self._home[name] / name
            write_manifest(folder, '{"snapshot": {', self._next_moment())
            record = self.library.get(name)
            assert record.outdated
            assert record.stats is not None
            assert (record.stats.images_actual, record.stats.images_expected) == (self.images[name], 6)
            write_manifest(folder, make_manifest(), self._next_moment())

    def copy_and_delete_the_copy(self) -> None:
        """An id in two roots for a while: what was typed stays with one of them, and the other says so."""
        if self._home:
            name = self._chance.choice(sorted(self._home))
            self._see()
            other = next(root for root in self._roots if root != self._home[name])
            shutil.copytree(self._home[name] / name, other / name)
            pair = self.library.find(where=f"id={name}").sessions
            assert {record.root for record in pair} == {root.name for root in self._roots}
            (twin,) = (record for record in pair if record.problem is not None)
            with pytest.raises(TwinSessionError):
                self.library.update_metadata(twin.session_path, SessionMetadataUpdate(add_tags=("refused",)))
            assert_mirrored(self.library, others=self._others())
            shutil.rmtree(other / name)

    def use_a_third_root(self) -> None:
        """Another collection that shares the database: neither touches the other's."""
        root = self._folder / "third"
        for name in (self._chance.choice(NAMES), "20260101_000000-third"):
            if not (root / name).exists():
                make_session(root, name, images=5)
        third = SessionLibrary(root, self._path)
        assert third.find(limit=None).total_count == len(os.listdir(root))
        third.update_metadata("20260101_000000-third", SessionMetadataUpdate(add_tags=("third",)))
        third.undo()
        shutil.rmtree(root / self._chance.choice(os.listdir(root)))
        third.prune(force=True)
        assert third.find(limit=None).total_count == len(os.listdir(root))

    def _others(self) -> list[str]:
        """Return the rows of the mirror that are not of this collection."""
        third = self._folder / "third"
        known = {*os.listdir(third)} if third.exists() else set[str]()
        return [name for name in {*known, THEIRS} if row(self._path, "session_stats", name)]

    def _see(self) -> None:
        """Let the library see everything: what goes unseen cannot be known afterwards."""
        self.library.find()

    def hold(self) -> None:
        """Hold the library to what is known."""
        library = self.library
        page = library.find(limit=None)
        assert {
            record.session_id: record.stats.images_actual for record in page.sessions if record.stats
        } == self.images
        assert [record.session_id for record in page.sessions] == sorted(self.images, reverse=True)
        for record in page.sessions:
            home = self._home.get(record.session_id, Path(record.session_path).parent)
            assert record.session_path == str(home / record.session_id)
            assert (record.problem, record.outdated) == (None, False)
            assert set(record.metadata.tags if record.metadata else ()) == self.tags.get(record.session_id, set())
        stored = {
            row["session_id"]: set(json.loads(row["tags"] or "[]")) for row in rows(self._path, "session_metadata")
        }
        assert {name: tags for name, tags in stored.items() if tags} == {n: t for n, t in self.tags.items() if t}
        assert_mirrored(library, others=self._others())


@pytest.mark.parametrize("seed", range(6))
def test_anything_in_any_order(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    walk = Walk(tmp_path, chance, is_web_uis=seed % 2 == 0)
    try:
        for _ in range(STEPS):
            walk.step()
            if chance.random() < 0.5:
                walk.hold()
        walk.hold()
    except BaseException as error:
        error.add_note(f"after {' '.join(walk.steps)}")
        raise
    assert_sound(tmp_path / "metadata" / "sessions.db", others_edit=True)
