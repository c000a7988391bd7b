"""Where the features folder stands: inside the installed package, or beside it in a checkout."""

from pathlib import Path

CATALOGUE = "catalogue.toml"


class FeaturesMissing(FileNotFoundError):
    """The installation is broken: the features folder is nowhere (bench's fault)."""


def features_folder(package: Path | None = None) -> Path:
    """Return the folder of the catalogue and the Gherkin files.

    Args:
        package: folder of the package `oxo_scenarios`; `None` is this one.

    Raises:
        FeaturesMissing: names both places that were looked at.
    """
    here = package or Path(__file__).resolve().parent
    places = (here / "features", here.parent.parent / "features")
    for place in places:
        if (place / CATALOGUE).is_file():
            return place
    looked = " nor ".join(str(place) for place in places)
    raise FeaturesMissing(f"no {CATALOGUE} in {looked}; the installation is incomplete")
