"""How letters leave: who is reached by which means, and the channels that take them."""
