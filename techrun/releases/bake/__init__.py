"""The bake: all checks of the shop run faster for a while.

plan        which check runs when, and how long it goes on; pure
confirming  whether failures in a row are an outage; pure
baking      the runs themselves
rulings     what of them decides without any baseline; pure
"""

from techrun.releases.bake.baking import Baked, bake
from techrun.releases.bake.plan import BakePlan
from techrun.releases.bake.rulings import bake_rulings

__all__ = ["BakePlan", "Baked", "bake", "bake_rulings"]
