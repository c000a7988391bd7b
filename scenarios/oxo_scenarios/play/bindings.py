"""Binds every feature file to pytest. Collected by `play.session`, and by nothing else."""

from pytest_bdd import scenarios

from oxo_scenarios.resources import features_folder

scenarios(str(features_folder()))
