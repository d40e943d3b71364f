"""What every trained model needs: logged examples, training loops, inference in a fixed order."""
