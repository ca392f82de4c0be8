"""The profiles of this package."""
