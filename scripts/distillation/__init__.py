# SPDX-License-Identifier: Apache-2.0
"""How the table of `scripts/table` is made."""
