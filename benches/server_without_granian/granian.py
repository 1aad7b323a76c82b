"""On the path of a server that is to find no granian."""

raise ModuleNotFoundError("as where it is not installed", name="granian")
