"""Every field of a session once: what it is called, what it holds and where a record has it.

Columns, CSV, JSON names, sort keys, `show`, completion, `where` and the database's own columns read this list.
Imports nothing heavy: the shell's completion needs it.
"""

from enum import Enum, auto
from typing import TYPE_CHECKING, Any, NamedTuple

from sdgen_admin.errors import InvalidFieldError
from sdgen_admin.models.text import fold

if TYPE_CHECKING:
    from sdgen_admin.models.records import SessionRecord


class Kind(Enum):
    """What a field holds."""

    TEXT = auto()
    INTEGER = auto()
    REAL = auto()
    FLAG = auto()
    TIME = auto()
    LIST = auto()
    """Several texts or numbers."""
    OBJECT = auto()
    """Names with values."""


class Home(Enum):
    """Which part of a record has the field."""

    RECORD = auto()
    STATS = auto()
    METADATA = auto()


class Field(NamedTuple):
    """One field of a session."""

    name: str
    """Its name in the library, in JSON and in CSV."""
    kind: Kind
    home: Home
    label: str
    """What a heading or a view calls it."""
    aliases: tuple[str, ...] = ()
    """Further names under which it can be asked for; the label is always one."""
    attribute: str = ""
    """Its name in that part of the record, if it is another one."""
    untouched: Any = None
    """What holds for a session that nobody has said anything about."""
    is_stored: bool = False
    """Whether `sdgen_admin_sessions` has a column of this name for it."""

    def get(self, record: "SessionRecord") -> Any:
        """Return the field's value in a record; null, or `untouched`, if the record lacks that part."""
        name = self.attribute or self.name
        match self.home:
            case Home.RECORD:
                return getattr(record, name)
            case Home.STATS:
                return getattr(record.stats, name, None)
            case Home.METADATA:
                return getattr(record.metadata, name, self.untouched)

    @property
    def is_sortable(self) -> bool:
        """Whether sessions can be ordered by it."""
        return self.kind not in (Kind.LIST, Kind.OBJECT)

    @property
    def is_largest_first(self) -> bool:
        """Whether an order by it begins with the largest: dates and numbers do, names go from A to Z."""
        return self.kind is not Kind.TEXT


def _record(name: str, kind: Kind, label: str, *aliases: str, stored: bool = False) -> Field:
    return Field(name, kind, Home.RECORD, label, aliases, is_stored=stored)


def _stats(name: str, kind: Kind, label: str, *aliases: str, stored: bool = True) -> Field:
    return Field(name, kind, Home.STATS, label, aliases, is_stored=stored)


def _metadata(name: str, kind: Kind, label: str, *aliases: str, attribute: str = "", untouched: Any = None) -> Field:
    return Field(name, kind, Home.METADATA, label, aliases, attribute, untouched)


FIELDS = (
    _record("session_id", Kind.TEXT, "session", "id", "name"),
    _record("session_path", Kind.TEXT, "folder", "path"),
    _record("root", Kind.TEXT, "root"),
    _record("created_at", Kind.TIME, "created"),
    _record("status", Kind.TEXT, "status"),
    _record("run_status", Kind.TEXT, "run status", stored=True),
    _record("source", Kind.TEXT, "source", stored=True),
    _record("confidence", Kind.TEXT, "confidence", stored=True),
    _record("problem", Kind.TEXT, "problem", stored=True),
    _record("outdated", Kind.FLAG, "outdated", "stale", stored=True),
    _record("missing", Kind.FLAG, "missing", "gone", stored=True),
    _record("complete", Kind.FLAG, "complete"),
    _record("scheduler", Kind.TEXT, "scheduler", stored=True),
    _record("theme", Kind.TEXT, "theme", stored=True),
    _record("style", Kind.TEXT, "style", stored=True),
    _record("seed_list", Kind.LIST, "seed list", stored=True),
    _record("images_recorded", Kind.INTEGER, "recorded", stored=True),
    _record("seed_min", Kind.INTEGER, "smallest seed", stored=True),
    _record("seed_max", Kind.INTEGER, "largest seed", stored=True),
    _record("seed_run", Kind.TEXT, "seeds run", stored=True),
    _record("pools", Kind.OBJECT, "pools", "pool"),
    _record("duration", Kind.REAL, "duration"),
    _record("images_per_minute", Kind.REAL, "rate"),
    _stats("sd_model", Kind.TEXT, "model"),
    _stats("template_version", Kind.TEXT, "template"),
    _stats("generation_mode", Kind.TEXT, "mode"),
    _stats("seed_mode", Kind.TEXT, "seed mode"),
    _stats("seed_base", Kind.INTEGER, "base seed"),
    _stats("resolved_prompt", Kind.TEXT, "prompt", stored=False),
    _stats("negative_prompt", Kind.TEXT, "negative", stored=False),
    _stats("width", Kind.INTEGER, "width"),
    _stats("height", Kind.INTEGER, "height"),
    _stats("steps", Kind.INTEGER, "steps"),
    _stats("cfg_scale", Kind.REAL, "cfg scale", "cfg"),
    _stats("sampler_name", Kind.TEXT, "sampler"),
    _stats("images_expected", Kind.INTEGER, "planned", "expected"),
    _stats("images_actual", Kind.INTEGER, "images"),
    _stats("completion_percentage", Kind.REAL, "completion", "percent"),
    _stats("is_seed_sweep", Kind.FLAG, "seed sweep", "sweep"),
    _stats("placeholders", Kind.OBJECT, "placeholders", stored=False),
    _stats("variations_summary", Kind.OBJECT, "values", stored=False),
    _stats("session_created_at", Kind.TIME, "session created", stored=False),
    _stats("manifest_generated_at", Kind.TIME, "manifest time"),
    _stats("first_image_created_at", Kind.TIME, "first", "first image", stored=False),
    _stats("last_image_created_at", Kind.TIME, "last", "last image", stored=False),
    _stats("stats_computed_at", Kind.TIME, "computed"),
    _stats("stats_version", Kind.INTEGER, "stats version"),
    _metadata("is_favorite", Kind.FLAG, "liked", "favorite", untouched=False),
    _metadata("is_test", Kind.FLAG, "test", untouched=False),
    _metadata("is_complete", Kind.FLAG, "marked complete"),
    _metadata("user_rating", Kind.TEXT, "rating"),
    _metadata("user_note", Kind.TEXT, "note"),
    _metadata("tags", Kind.LIST, "tags", "tag", untouched=()),
    _metadata("auto_metadata", Kind.OBJECT, "auto metadata"),
    _metadata("updated_at", Kind.TIME, "updated"),
    _metadata("metadata_created_at", Kind.TIME, "metadata created", attribute="created_at"),
)
"""Every field of record, stats and metadata. `created_at` is the session's; the metadata row's has a prefix."""

BY_NAME = {field.name: field for field in FIELDS}


def _plain(name: str) -> str:
    return fold(name.strip()).replace(" ", "_").replace("-", "_")


_NAMES: dict[str, Field] = {_plain(name): field for field in reversed(FIELDS) for name in (*field.aliases, field.label)}
_NAMES |= BY_NAME


def field_named(text: str) -> Field:
    """Return the field that `text` names: by its name, its label or another of its names, in any case.

    Raises:
        InvalidFieldError: There is no such field; the details have near names as `near`.
    """
    name = _plain(text)
    if name in _NAMES:
        return _NAMES[name]
    near = [known for known in _NAMES if name and name in known]
    if not near:
        from difflib import get_close_matches  # noqa: PLC0415 -- the shell's completion has no use for it

        near = get_close_matches(name, _NAMES, n=3)
    names = list(dict.fromkeys(_NAMES[known].name for known in near))
    raise InvalidFieldError(f"There is no field {text!r}.", field=text, near=names[:3])


def sort_field(text: str) -> Field:
    """Return the field that sessions are to be ordered by.

    Raises:
        InvalidFieldError: There is no such field, or it cannot be ordered by.
    """
    field = field_named(text)
    if not field.is_sortable:
        raise InvalidFieldError(f"Sessions cannot be sorted by {field.name}.", field=text, near=[])
    return field
