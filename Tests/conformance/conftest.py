# SPDX-License-Identifier: Apache-2.0
"""The fixtures of Tests/integration."""
import importlib.util
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
INTEGRATION = HERE.parent / "integration"
sys.path[:0] = [str(HERE), str(INTEGRATION)]
SPECIFICATION = importlib.util.spec_from_file_location("integration_fixtures", INTEGRATION / "conftest.py")
FIXTURES = importlib.util.module_from_spec(SPECIFICATION)
SPECIFICATION.loader.exec_module(FIXTURES)
globals().update({name: value for name, value in vars(FIXTURES).items() if not name.startswith("__")})
