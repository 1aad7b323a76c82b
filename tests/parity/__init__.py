"""The recorded outcomes of the original agent, and a runner that holds any agent against them."""
