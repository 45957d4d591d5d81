"""YAML to typed settings: unknown keys refused, every mistake told at once with its place."""

from techrun.config.loader import load, load_all
from techrun.config.settings import Channel, CheckSettings, Settings, ShopSettings

__all__ = ["Channel", "CheckSettings", "Settings", "ShopSettings", "load", "load_all"]
