"""`commonserviceitem`: ELB (`proxylb`), DNS, and the other classes by echo."""
