"""Topic 02 answered from the statement alone, built otherwise than our solution: counting positions, and a slope."""

from fractions import Fraction


def conv_cost(h, w, cin, cout, k, stride=1, padding="same", depthwise=False, bias=True):
    """List the positions at which the kernel is laid on the image."""

    def positions(n):
        last = n if padding == "same" else n - k + 1
        return len(range(0, last, stride))

    filters = cin if depthwise else cout
    depth = 1 if depthwise else cin
    kernel = filters * depth * k**2
    return {
        "macs": positions(h) * positions(w) * kernel,
        "params": kernel + filters * bool(bias),
        "out": [positions(h), positions(w), filters],
    }


def roofline(macs, bytes_moved, peak_gmacs, bw_gbs):
    """Find the speed under the roof at this intensity, exactly, and divide the work by it."""
    if min(peak_gmacs, bw_gbs, bytes_moved) <= 0:
        raise ValueError("every machine moves and computes something, every layer moves something")
    intensity = Fraction(macs) / Fraction(bytes_moved)
    slope, flat = Fraction(bw_gbs) * intensity, Fraction(peak_gmacs)
    bound = "memory" if slope < flat else "compute"
    seconds = Fraction(bytes_moved) / Fraction(bw_gbs) if bound == "memory" else Fraction(macs) / flat
    return {"intensity": float(intensity), "bound": bound, "latency_s": float(seconds / 10**9)}
