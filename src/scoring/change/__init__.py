"""
What a change of rules does, shown before it is made.

Takes packs, examples and submissions; opens no log. Import the modules: nothing here is loaded until somebody asks.
"""
