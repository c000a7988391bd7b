"""What plays the features: pytest-bdd bindings and steps, Allure, progress, one run."""
