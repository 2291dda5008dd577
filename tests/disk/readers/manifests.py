"""A manifest that states every fact, and ways to change one and to read it."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from sdgen_admin.disk.facts import Facts
from sdgen_admin.disk.readers.interface import SessionFolder
from sdgen_admin.disk.readers.manifest import parse_manifest
from tests.builders import Manifest, make_manifest

GENERATION = "snapshot.generation_params"
API = "snapshot.api_params"

FULL = make_manifest(
    params={
        "mode": "random",
        "seed_mode": "progressive",
        "seed_base": 42,
        "seed_list": [7, 8],
        "num_images": 50,
        "max_images": 60,
    }
)
"""A manifest that states every fact. None of them is what it would be if absent."""

DEFAULTS = Facts(
    source="manifest",
    confidence="high",
    is_planned=True,
    sd_model="unknown",
    template_version="unknown",
    generation_mode="unknown",
    seed_mode="unknown",
    seed_base=-1,
    prompt="",
    negative_prompt="",
)
"""The facts of a manifest whose snapshot says nothing that is asked for."""


def facts_of(data: bytes) -> Facts:
    return parse_manifest(data)[0]


def parse(manifest: Manifest) -> Facts:
    return facts_of(json.dumps(manifest).encode())


def lay(manifest: Manifest, where: str, value: Any) -> Manifest:
    """Return a copy of `manifest` with `value` at the dotted path `where`."""
    key, _, rest = where.partition(".")
    return {**manifest, key: lay(manifest.get(key, {}), rest, value) if rest else value}


def facts_with(where: str, value: Any) -> Facts:
    """Return the facts of a manifest that says nothing else."""
    return parse(lay({"snapshot": {"other": 1}}, where, value))


def changed(facts: Facts, **values: Any) -> Facts:
    return replace(facts, **values)


def listed(folder: Path) -> SessionFolder:
    """Return a session folder as a reader is given it."""
    return SessionFolder(str(folder), {path.name: path.is_file() for path in folder.iterdir()})
