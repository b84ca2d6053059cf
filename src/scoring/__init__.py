"""Placeholder until the doors are hung."""
