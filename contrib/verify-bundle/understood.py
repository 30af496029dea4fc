"""What this verifier does not understand, it does not guess."""


class NotUnderstood(Exception):
    """A pack says something that this verifier does not know; its ratings are not replayed."""
