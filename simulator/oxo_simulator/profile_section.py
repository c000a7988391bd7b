"""What every section of a profile is: frozen, and without keys that nobody knows.

Each key of a section is `Annotated[type, Field(...), standing]`, where the standing says whether
the value is documented, inferred or ours. A section of a later release has a default for every key,
so that older profile files stay valid.
"""

from pydantic import BaseModel, ConfigDict


class ProfileError(ValueError):
    """A profile cannot be used (the operator's fault): file, key, and what is allowed."""


class Section(BaseModel):
    """A table of keys of a profile."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=False)
