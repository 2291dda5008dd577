"""Collections to measure on: made, not borrowed, and the same each time."""

import json
import os
import random
import shutil
from collections.abc import Iterable
from datetime import datetime, timedelta

FIRST = datetime(2015, 1, 1)
LONG_AGO = FIRST.timestamp()
"""The modification time of all folders and manifests: a fingerprint must not be distrusted for its youth."""
WORDS = ("masterpiece", "best quality", "dramatic rim lighting", "(intricate details:1.2)", "sea of clouds", "portrait")
MODELS = [f"model_{number}XL_v{number % 3}.safetensors [{number:010x}]" for number in range(40)]


def session_id(number: int) -> str:
    """Return the name of the session with this number; no two have the same time."""
    return f"{FIRST + timedelta(minutes=37 * number):%Y%m%d_%H%M%S}-facial_expressions_{number % 50}"


def realistic_sizes(sessions: int, large: int) -> list[int]:
    """Return numbers of images: `large` sessions of thousands, spread among others of tens."""
    chance = random.Random(sessions)
    sizes = [min(500, round(chance.lognormvariate(3.2, 0.8))) for _ in range(sessions)]
    for number in chance.sample(range(sessions), large):
        sizes[number] = chance.randint(1000, 3500)
    return sizes


def make_collection(root: str, sizes: Iterable[int], *, linked: bool = False) -> str:
    """Make an images root, unless an earlier run left it whole, and return it.

    Args:
        root: The folder to make.
        sizes: Number of images, session by session.
        linked: Whether a session's images are links to one file, which saves inodes, and its manifest names none.
    """
    done = f"{root}.done"
    if os.path.exists(done):
        return root
    shutil.rmtree(root, ignore_errors=True)
    for number, images in enumerate(sizes):
        listed = 0 if linked else images
        make_session(os.path.join(root, session_id(number)), number, images, linked=linked, listed=listed)
    _touch(done)
    return root


def make_session(path: str, number: int, images: int, *, listed: int, linked: bool = False) -> None:
    """Make one session folder; its manifest lists `listed` images."""
    os.makedirs(path)
    for image in range(images):
        name = os.path.join(path, _image_name(image))
        if linked and image:
            os.link(os.path.join(path, _image_name(0)), name)
        else:
            _touch(name)
    manifest = os.path.join(path, "manifest.json")
    with open(manifest, "w", encoding="utf-8") as file:
        file.write(manifest_text(number, images, listed))
    for changed in (manifest, path):
        os.utime(changed, (LONG_AGO, LONG_AGO))


def manifest_text(number: int, images: int, listed: int) -> str:
    """Return a manifest as a generator writes it, with `listed` of its images in `images[]`: 1 KB each."""
    chance = random.Random(number)
    prompt = ", ".join(chance.choices(WORDS, k=35))
    values = [f"value {index}, with some words" for index in range(min(images, 60))]
    snapshot = {
        "version": "2.0",
        "timestamp": (FIRST + timedelta(minutes=37 * number)).isoformat(),
        "runtime_info": {"sd_model_checkpoint": MODELS[number % len(MODELS)]},
        "resolved_template": {
            "prompt": "masterpiece, {Expression}, " + prompt[:400],
            "negative": "low quality, blurry",
        },
        "generation_params": {"mode": "combinatorial", "seed_mode": "fixed", "base_seed": 7, "num_images": images},
        "api_params": {"width": 832, "height": 1216, "steps": 28, "cfg_scale": 6.5, "sampler": "DPM++ 2M Karras"},
        "variations": {"Expression": {"available": values, "used": values, "count": len(values)}},
        "theme_name": None,
        "style": "default",
    }
    entry = json.dumps(
        {
            "filename": "%NAME%",
            "seed": 7,
            "prompt": prompt,
            "negative_prompt": "low quality, blurry, watermark",
            "applied_variations": {"Expression": "value 1, with some words"},
        },
        indent=2,
    )
    entries = ",\n".join(entry.replace("%NAME%", _image_name(image)) for image in range(listed))
    head = json.dumps({"snapshot": snapshot, "status": "completed"}, indent=2)
    return f'{head[:-2]},\n"images": [\n{entries}\n]\n}}\n'


def _image_name(number: int) -> str:
    return f"facial_expressions_{number:05d}_seed-7.png"


def _touch(path: str) -> None:
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o644))
