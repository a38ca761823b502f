"""Extensions of formats that are each other's near kin."""

#: Extensions whose files may bear each other's names: `holds` of `config/formats.toml` says which way.
FAMILIES = (
    frozenset({"jpg", "jpeg", "jfif"}),
    frozenset({"mp4", "m4v", "m4a", "m4b"}),
    # Browsers and phones rename 3GP recordings to .mp4, not the other way.
    frozenset({"3gp", "3g2", "mp4"}),
    frozenset({"mpg", "mts"}),
)


def same_family(one: str, other: str) -> bool:
    return one == other or any({one, other} <= family for family in FAMILIES)
