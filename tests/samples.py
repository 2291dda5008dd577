"""Two complete sessions of a real generator run, as it wrote them: a run cut at 12 images, and a seed sweep of 80."""

from itertools import product
from pathlib import Path

from tests.builders import Manifest, make_session

COMBI_CAPPED = "20261121_044741-combi_capped"
SEED_SWEEP = "20261121_044819-seed_sweep"

EXPRESSIONS = ["smiling, happy", "sad, crying", "angry, frowning", "surprised, shocked", "neutral expression"]
HAIR = ["bob cut", "ponytail", "braided hair, [red]ribbon[/red]", "長い髪, long hair"]
SEEDS = [1000, 1001, 1002, 1003]


def combi_capped() -> Manifest:
    """Return the manifest of `COMBI_CAPPED`: three of five expressions, four hair styles, one fixed seed."""
    params = {"mode": "combinatorial", "seed_mode": "fixed", "base_seed": 7, "num_images": 12, "total_combinations": 20}
    return _manifest("combi_capped", "2026-11-21T04:47:41.208474", params, EXPRESSIONS[:3], [7])


def seed_sweep() -> Manifest:
    """Return the manifest of `SEED_SWEEP`: each of 20 combinations with each of four seeds."""
    params = {
        "mode": "combinatorial",
        "seed_mode": "fixed",
        "base_seed": 1000,
        "num_images": 80,
        "total_combinations": 20,
        "seed_list": SEEDS,
    }
    return _manifest("seed_sweep", "2026-11-21T04:48:19.914430", params, EXPRESSIONS, SEEDS)


def make_combi_capped(root: Path) -> Path:
    """Make the session `COMBI_CAPPED` under `root`, with its twelve images."""
    return _make(root, COMBI_CAPPED, combi_capped())


def make_seed_sweep(root: Path) -> Path:
    """Make the session `SEED_SWEEP` under `root`, with its eighty images."""
    return _make(root, SEED_SWEEP, seed_sweep())


def _make(root: Path, name: str, manifest: Manifest) -> Path:
    return make_session(root, name, manifest=manifest, images=[image["filename"] for image in manifest["images"]])


def _manifest(name: str, timestamp: str, params: Manifest, expressions: list[str], seeds: list[int]) -> Manifest:
    images = [
        {
            "filename": f"{name}_{number:04}_seed-{seed}.png",
            "seed": seed,
            "prompt": f"masterpiece, {expression}, {hair}, beautiful girl",
            "negative_prompt": "low quality, blurry",
            "applied_variations": {"Expression": expression, "Hair": hair},
        }
        for number, (expression, hair, seed) in enumerate(product(expressions, HAIR, seeds))
    ]
    return {
        "snapshot": {
            "version": "2.0",
            "timestamp": timestamp,
            "runtime_info": {"sd_model_checkpoint": "illustriousXL_v01.safetensors [abc123def4]"},
            "resolved_template": {
                "prompt": "masterpiece, {Expression}, {Hair}, beautiful girl\n",
                "negative": "low quality, blurry\n",
            },
            "generation_params": params,
            "api_params": {
                "width": 832,
                "height": 1216,
                "steps": 28,
                "cfg_scale": 6.5,
                "sampler": "DPM++ 2M Karras",
                "scheduler": "karras",
            },
            "variations": {
                "Expression": {"available": EXPRESSIONS, "used": expressions, "count": 5},
                "Hair": {"available": HAIR, "used": HAIR, "count": 4},
            },
            "fixed_placeholders": {},
            "theme_name": None,
            "style": "default",
        },
        "images": images,
        "status": "completed",
    }
