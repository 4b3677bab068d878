"""FaceGUI: make your own face detector, on your own computer."""

__version__ = "0.1.0"
