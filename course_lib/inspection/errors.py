"""The one exception of this package."""


class ModelError(ValueError):
    """The bytes are not a well-formed ``.tflite``, or its runtime failed. The message says what is wrong and where."""
