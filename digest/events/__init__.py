"""What the world says afterwards: posts and bounced mail become our events, and a table says what follows."""
