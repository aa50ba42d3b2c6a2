# SPDX-License-Identifier: Apache-2.0
"""What bench/run.py and demo/run measure with. Standard library only."""
