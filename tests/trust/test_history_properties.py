"""Whatever other programs stored and whatever is edited of it: once undone, it is there byte for byte."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from sdgen_admin.errors import UndoRefusedError
from sdgen_admin.services.library import SessionLibrary
from sdgen_admin.services.metadata import SessionMetadataService
from tests.builders import SESSION
from tests.neighbour import plain, write_metadata
from tests.trust.edits import stored, update
from tests.trust.odd import odd_metadata, temporary_database

Edit = Callable[[SessionLibrary], object]
EDITS: list[Edit] = [
    lambda library: library.update_metadata(SESSION, update(is_favorite=True, is_test=True, is_complete=False)),
    lambda library: library.update_metadata(SESSION, update(add_tags=("a",), user_rating="like", user_note="\0'\"")),
    lambda library: library.update_metadata(SESSION, update(tags=(), user_rating=None, user_note=None)),
    lambda library: SessionMetadataService(library.db_path).delete_metadata(SESSION),
]


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(metadata=odd_metadata, edits=st.lists(st.sampled_from(EDITS), min_size=1, max_size=4), not_utf_8=st.booleans())
def test_whatever_other_programs_stored_comes_back_byte_for_byte(
    metadata: dict[str, Any], edits: list[Edit], not_utf_8: bool
) -> None:
    with temporary_database() as path:
        (path.parent / SESSION).mkdir()
        write_metadata(path, SESSION, **metadata)
        if not_utf_8:
            with plain(path) as other:
                other.execute("UPDATE session_metadata SET user_note = CAST(x'00ff61' AS TEXT), tags = x'ff'")
        library = SessionLibrary(path.parent, path)
        library.compute()
        before = stored(path)
        for edit in edits:
            edit(library)
        assert all(json.loads(entry.model_dump_json()) for entry in library.history())
        for _ in range(len({entry.group for entry in library.history()})):
            library.undo()
        with pytest.raises(UndoRefusedError, match="nothing to undo"):
            library.undo()
        assert stored(path) == before
