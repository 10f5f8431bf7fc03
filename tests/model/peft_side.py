"""PEFT itself. In: a folder of transformers, and how to adapt it. Out: the adapter as PEFT writes it, and its logits in float64.

It depends on PyTorch, which the locks leave out, so it is no part of the environment that the tests run in: it is fetched once, without
what it depends on, and runs in a process of its own with that environment behind it.
"""

import fcntl
import json
import subprocess
import sys
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
from tests.model.families import FAMILIES, exact, reference, saved
family, folder, given, sequences = sys.argv[3], sys.argv[4], json.loads(sys.argv[5]), json.loads(sys.argv[6])
from pathlib import Path
theirs = reference(FAMILIES[family])
saved(theirs, Path(folder) / "base")
adapted = peft.get_peft_model(theirs, peft.LoraConfig(**given))
torch.manual_seed(2)
with torch.no_grad():
    for name, parameter in adapted.named_parameters():
        if "lora_" in name:
            parameter.normal_(0.0, 0.3)
adapted.save_pretrained(Path(folder) / "adapter")
with exact(adapted, torch.float64), torch.no_grad():
    logits = [adapted(input_ids=torch.tensor([each])).logits[0].numpy() for each in sequences]
numpy.savez(Path(folder) / "logits.npz", *logits)
"""


def by_peft(family: str, folder: Path, config: dict[str, Any], sequences: list[list[int]]) -> list[np.ndarray]:
    """Write `base` and `adapter` into the folder; the logits of each sequence, [T, V]."""
    command = [sys.executable, "-c", DRIVER, str(_peft()), str(ROOT), family, str(folder), json.dumps(config), json.dumps(sequences)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    with np.load(folder / "logits.npz") as file:
        return [file[f"arr_{number}"] for number in range(len(sequences))]


def _peft() -> Path:
    CACHE.parent.mkdir(parents=True, exist_ok=True)
    with CACHE.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # several processes of tests may want it at once
        if not (CACHE / "whole").exists():
            pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", "install", "--no-deps", "--target", str(CACHE)]
            subprocess.run([*pip, *PACKAGES], check=True)
            (CACHE / "whole").touch()
    return CACHE
