"""What a model becomes and costs on a device: contract, C source, arena, modelled energy, choosing while running."""

from course_lib.deployment.battery import modelled_battery_hours, modelled_battery_hours_by_energy
from course_lib.deployment.energy import EnergyModel, ModelledEnergy, ModelledOperatorEnergy
from course_lib.deployment.litert_memory import LiteRTArena, litert_arena
from course_lib.deployment.memory import LITERT, MICRO, Block, Plan, Rules, plan_arena, plan_model

__all__ = [
    "LITERT",
    "MICRO",
    "Block",
    "EnergyModel",
    "LiteRTArena",
    "ModelledEnergy",
    "ModelledOperatorEnergy",
    "Plan",
    "Rules",
    "litert_arena",
    "modelled_battery_hours",
    "modelled_battery_hours_by_energy",
    "plan_arena",
    "plan_model",
]
