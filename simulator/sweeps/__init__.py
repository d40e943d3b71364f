"""Many runs of one scenario: what varies, running them, collecting and comparing them."""
