"""The core as it is installed, or as scripts/sanitize.py or tests/test_compiler.py built it into the folder that SANITIZED names."""

import os

import alize.engine.runners.native as native

if folder := os.environ.get("SANITIZED"):
    native.__path__.insert(0, folder)
