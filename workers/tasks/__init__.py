"""The stages' work: one module a stage, each an arq edge and a typed function."""
