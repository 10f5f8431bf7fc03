"""PEFT itself. In: families of models, and how to adapt each. Out: the adapters as PEFT writes them, and their logits in float64.

It depends on PyTorch, which the locks leave out, so it is no part of the environment that the tests run in: it is fetched once, without
what it depends on, and runs in a process of its own with that environment behind it.
"""

import fcntl
import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("peft==0.21.2", "accelerate==1.15.0")
CACHE = Path("~/.cache/alize-tests").expanduser() / "peft-0.21.2"
DRIVER = """
import json, sys, warnings
sys.path[:0] = [sys.argv[1], sys.argv[2]]
warnings.simplefilter("ignore")
import numpy, peft, torch
from pathlib import Path
from tests.model.families import FAMILIES, exact, reference, saved
made, sequences = json.loads(sys.argv[4]), json.loads(sys.argv[5])
for number, (family, given) in enumerate(made.values()):
    folder = Path(sys.argv[3]) / str(number)
    folder.mkdir()
    theirs = reference(FAMILIES[family])
    saved(theirs, folder / "base")
    adapted = peft.get_peft_model(theirs, peft.LoraConfig(**given))
    torch.manual_seed(2)
    with torch.no_grad():
        for name, parameter in adapted.named_parameters():
            if "lora_" in name:
                parameter.normal_(0.0, 0.3)
    adapted.save_pretrained(folder / "adapter")
    with exact(adapted, torch.float64), torch.no_grad():
        numpy.savez(folder / "logits.npz", *(adapted(input_ids=torch.tensor([each])).logits[0].numpy() for each in sequences))
"""


def by_peft(made: Mapping[str, tuple[str, dict[str, Any]]], sequences: list[list[int]], folder: Path) -> dict[str, Path]:
    """For each, a folder with `base`, `adapter` and `logits.npz`, which `logits_in` reads."""
    command = [sys.executable, "-c", DRIVER, str(_peft()), str(ROOT), str(folder), json.dumps(dict(made)), json.dumps(sequences)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    return {name: folder / str(number) for number, name in enumerate(made)}


def logits_in(folder: Path) -> list[np.ndarray]:
    """Of each sequence, [T, V]."""
    with np.load(folder / "logits.npz") as file:
        return [file[f"arr_{number}"] for number in range(len(file.files))]


def _peft() -> Path:
    CACHE.parent.mkdir(parents=True, exist_ok=True)
    with CACHE.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # several processes of tests may want it at once
        if not (CACHE / "whole").exists():
            pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", "install", "--no-deps", "--target", str(CACHE)]
            subprocess.run([*pip, *PACKAGES], check=True)
            (CACHE / "whole").touch()
    return CACHE
