# SPDX-License-Identifier: Apache-2.0
"""What the integration tests are made of: agents, backends, supervisors, and the questions one asks the kernel."""
