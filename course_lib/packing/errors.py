"""The one exception of this package."""


class PackingError(ValueError):
    """The bytes are not what ``pack`` wrote, or were damaged since; the message says where reading stopped."""
