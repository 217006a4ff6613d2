"""FlowTS (first called FM-TS, 2024): rectified flow with Diffusion-TS's transformer of trend and season."""
