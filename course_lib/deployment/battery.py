"""How long a battery lasts, from a duty cycle. Arithmetic on figures that somebody measured or modelled elsewhere."""

from __future__ import annotations

import math


def modelled_battery_hours(
    capacity_mwh: float, idle_mw: float, active_mw: float, latency_s: float, rate_hz: float
) -> float:
    """Return the hours that a battery lasts when inference at ``active_mw`` interrupts ``idle_mw``.

    The duty is rate x latency, 1 at most: a device that cannot keep up is busy all the time.

    Args:
        capacity_mwh: energy of the full battery, more than 0 (a phone: about 15,000).
        idle_mw: power between inferences, 0 or more.
        active_mw: power of the whole device during an inference, ``idle_mw`` or more.
        latency_s: duration of one inference.
        rate_hz: inferences per second.

    Raises:
        ValueError: a number is negative or not finite, the battery is empty, or activity takes less than idling.
    """
    _check(capacity_mwh=capacity_mwh, idle_mw=idle_mw, active_mw=active_mw, latency_s=latency_s, rate_hz=rate_hz)
    if active_mw < idle_mw:
        raise ValueError(f"active_mw is the whole device's power, so at least idle_mw: {active_mw} < {idle_mw}")
    duty = min(1.0, rate_hz * latency_s)
    return _hours(capacity_mwh, idle_mw + (active_mw - idle_mw) * duty)


def modelled_battery_hours_by_energy(capacity_mwh: float, idle_mw: float, energy_uj: float, rate_hz: float) -> float:
    """Return the hours that a battery lasts when each inference adds ``energy_uj`` to an idle device.

    Args:
        capacity_mwh, idle_mw, rate_hz: as for ``modelled_battery_hours``.
        energy_uj: energy of one inference beyond idling, in microjoules.

    Raises:
        ValueError: a number is negative or not finite, or the battery is empty.
    """
    _check(capacity_mwh=capacity_mwh, idle_mw=idle_mw, energy_uj=energy_uj, rate_hz=rate_hz)
    return _hours(capacity_mwh, idle_mw + energy_uj * rate_hz / 1e3)


def _hours(capacity_mwh: float, power_mw: float) -> float:
    return capacity_mwh / power_mw if power_mw else math.inf


def _check(**values: float) -> None:
    for name, value in values.items():
        if not math.isfinite(value) or value < 0:
            raise ValueError(f"{name} must be a finite number, 0 or more, got {value}")
    if not values["capacity_mwh"]:
        raise ValueError("capacity_mwh must be more than 0: an empty battery lasts no time at all")
