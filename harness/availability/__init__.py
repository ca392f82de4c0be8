"""Fault trees: their exact figures, their minimal cut sets, and files of them."""
