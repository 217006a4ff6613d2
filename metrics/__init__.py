"""Metrics of generated windows: functions of real and generated windows, one module each; `registry` lists them."""
