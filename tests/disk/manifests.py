"""A manifest in which every fact is there, and ways to lay one out and to parse it."""

import json
from dataclasses import replace
from typing import Any

from sdgen_admin.disk.manifest import ManifestFacts, parse_manifest
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
"""A manifest in which every fact is there, and none is what it would be if absent."""


def parse(manifest: Manifest) -> ManifestFacts:
    return parse_manifest(json.dumps(manifest).encode())


def lay(manifest: Manifest, where: str, value: Any) -> Manifest:
    """Return a copy of `manifest` with `value` at the dotted path `where`."""
    key, _, rest = where.partition(".")
    return {**manifest, key: lay(manifest.get(key, {}), rest, value) if rest else value}


def facts_with(where: str, value: Any) -> ManifestFacts:
    """Return the facts of a manifest that has nothing else."""
    return parse(lay({"snapshot": {"other": 1}}, where, value))


def changed(facts: ManifestFacts, **values: Any) -> ManifestFacts:
    return replace(facts, **values)
