# SPDX-License-Identifier: Apache-2.0
import pytest

from world import Events, World


@pytest.fixture
def world(tmp_path):
    made = World(tmp_path)
    yield made
    made.close()


@pytest.fixture
def supervisor(world):
    return world.supervisor()


@pytest.fixture
def events(world):
    made = Events(world)
    yield made
    made.rest()
    made.socket.close()
