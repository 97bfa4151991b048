"""What a model becomes and costs on a device: contract, C source, arena, modelled energy, choosing while running."""

from course_lib.deployment.battery import modelled_battery_hours, modelled_battery_hours_by_energy
from course_lib.deployment.c_source import CSource, c_array
from course_lib.deployment.cascade import Cascade, Threshold, choose_threshold
from course_lib.deployment.contract import Contract, PortContract, write_contract
from course_lib.deployment.energy import EnergyModel, ModelledEnergy, ModelledOperatorEnergy
from course_lib.deployment.litert_memory import LiteRTArena, litert_arena
from course_lib.deployment.memory import LITERT, MICRO, Block, Plan, Rules, plan_arena, plan_model
from course_lib.deployment.micro import MicroArena, MicroRefusedError, MicroRun, has_tflite_micro, run_micro
from course_lib.deployment.micro_check import MicroCheck, check_on_micro
from course_lib.deployment.micro_source import micro_header
from course_lib.deployment.preprocessing import Preprocessing
from course_lib.deployment.selector import Variant, VariantSelector
from course_lib.deployment.verified import VerifiedModel, interface_differences, load_verified

__all__ = [
    "LITERT",
    "MICRO",
    "Block",
    "CSource",
    "Cascade",
    "Contract",
    "EnergyModel",
    "LiteRTArena",
    "MicroArena",
    "MicroCheck",
    "MicroRefusedError",
    "MicroRun",
    "ModelledEnergy",
    "ModelledOperatorEnergy",
    "Plan",
    "PortContract",
    "Preprocessing",
    "Rules",
    "Threshold",
    "Variant",
    "VariantSelector",
    "VerifiedModel",
    "c_array",
    "check_on_micro",
    "choose_threshold",
    "has_tflite_micro",
    "interface_differences",
    "litert_arena",
    "load_verified",
    "micro_header",
    "modelled_battery_hours",
    "modelled_battery_hours_by_energy",
    "plan_arena",
    "plan_model",
    "run_micro",
    "write_contract",
]
