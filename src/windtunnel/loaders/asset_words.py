"""What loaders take for granted of assets, in words."""


def told_of_alias(name: str) -> str:
    """What is assumed of an asset alias."""
    return (
        f"asset alias {name} is taken as an asset that each success updates: which assets it "
        "stands for is known only when the task runs"
    )


def told_of_watchers(asset: str) -> str:
    """What is assumed of an asset that something outside may update."""
    return (
        f"the watchers of asset {asset} are not simulated: [[asset_updates]] of a scenario can say "
        "when something outside updates it"
    )
