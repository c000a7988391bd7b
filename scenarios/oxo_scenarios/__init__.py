"""What certifies a collector: catalogue, bench, judge, bundle, and the command `oxo-certify`."""
