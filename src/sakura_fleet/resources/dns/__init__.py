"""DNS zones and the record sets in them."""
