from twinfeed.hil_rigs.rigfile import Rig as Rig
from twinfeed.hil_rigs.world.world import BenchStopped as BenchStopped
from twinfeed.hil_rigs.world.world import RigWorld as RigWorld
