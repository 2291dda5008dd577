"""The benchmark: what the library costs, as ratios to what the drive and the interpreter allow."""
