"""Network, training, evaluation and detection. No Qt; TensorFlow only inside functions."""
