"""What every trained model needs: logs of examples, training loops, and fast fixed-order inference."""
