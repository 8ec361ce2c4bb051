"""Plays one story: python browser MODULE FUNCTION [ARGUMENT…] FOLDER."""

import importlib
import sys
from pathlib import Path

module, function, *arguments, folder = sys.argv[1:]
getattr(importlib.import_module(module), function)(Path(folder), *arguments)
