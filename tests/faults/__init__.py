"""What the proofs share: odd objects, generators, edits, oracles and the fault scenarios' child
programs."""
