"""Two ways to ship."""

from decimal import Decimal

from oscar.apps.shipping.methods import FixedPrice
from oscar.apps.shipping.repository import Repository as OscarRepository

from oscarshop import faults


class Parcel(FixedPrice):
    code = "parcel"
    name = "Parcel"
    charge_excl_tax = charge_incl_tax = Decimal("4.90")


class Express(FixedPrice):
    code = "express"
    name = "Express"
    charge_excl_tax = charge_incl_tax = Decimal("12.50")


class Repository(OscarRepository):
    methods = (Parcel(), Express())

    def get_available_shipping_methods(self, basket, shipping_addr=None, **asked):
        if shipping_addr is not None and faults.active("shipping-lost"):
            return []
        return super().get_available_shipping_methods(basket, shipping_addr, **asked)
