"""How letters leave: by what route somebody is reached, and the channels that send."""
