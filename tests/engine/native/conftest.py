"""The core as it is installed, or the build that scripts/sanitize.py made and names in SANITIZED."""

import os

import alize.engine.runners.native as native

if folder := os.environ.get("SANITIZED"):
    native.__path__.insert(0, folder)
