# The two daily commands, and the report. Each sets everything up itself; see README.md.
PYTHON ?= python3

.PHONY: certify test report fuzz environment
certify:
	@$(PYTHON) tools/project.py certify $(OPTIONS)
test:
	@$(PYTHON) tools/project.py test $(OPTIONS)
report:
	@$(PYTHON) tools/project.py report $(OPTIONS)
fuzz:
	@$(PYTHON) tools/project.py fuzz $(OPTIONS)
environment:
	@$(PYTHON) tools/project.py environment
