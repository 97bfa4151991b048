"""Work that runs by itself: making the shipped models again, sweeps, searches, gates."""
