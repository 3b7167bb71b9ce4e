"""The Python API: what `import gristmill` offers by its own name, a file each for what has no better place."""
