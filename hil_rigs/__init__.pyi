from twinfeed.hil_rigs.rigfile import Rig as Rig
from twinfeed.hil_rigs.world import BenchStopped as BenchStopped
from twinfeed.hil_rigs.world import RigWorld as RigWorld
