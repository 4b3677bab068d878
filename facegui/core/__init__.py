"""What the program is about, in plain Python, numpy and OpenCV: no Qt, no TensorFlow."""
