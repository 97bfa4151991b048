"""Why something was not opened."""


class RefusedError(ValueError):
    """The bytes were refused; the message says why and names no secret."""


class NotAuthenticError(RefusedError):
    """A signature or an authentication tag does not fit: damaged, tampered with, or made with another key."""


class RollbackError(RefusedError):
    """Genuine, but older than what is allowed."""
