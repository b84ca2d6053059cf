"""Authoring: from a rubric file that people write to the pack that the engine reads. Import the modules; loading a pack needs none of them but `load`."""
