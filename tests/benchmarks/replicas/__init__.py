"""A service of several processes under load: what its people get while processes end and Redis starts anew."""
