"""Makes the shop from nothing: tables, 20 articles in 3 categories, business customers, an administrator.

python -m oscarshop.seed     with OSCAR_DATA naming the folder
"""

import os
from decimal import Decimal

import django

ARTICLES = {
    "Workwear": [("ORANGE1", "Hi-vis vest orange", "6.50"), ("VEST-Y", "Hi-vis vest yellow", "6.50")]
    + [(f"WEAR-{n}", f"Work trousers {n}", f"{39 + n}.90") for n in range(5)],
    "Safety": [("HELM-W", "Safety helmet white", "14.20"), ("GOGG-1", "Goggles clear", "8.75")]
    + [(f"SAFE-{n}", f"Ear defenders {n}", f"{11 + n}.40") for n in range(5)],
    "Tools": [(f"TOOL-{n}", f"Cordless drill {n}", f"{89 + 10 * n}.00") for n in range(6)],
}
CUSTOMERS = ["buyer@b2b.example"] + [f"buyer{n}@b2b.example" for n in range(2, 41)]
PASSWORD = "buyer-password-1"
ADMIN = ("admin@shop.example", "admin-password-1")


def main():
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "oscarshop.settings")
    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    _catalogue()
    _people()
    call_command("rebuild_index", interactive=False, verbosity=0)


def _catalogue():
    from oscar.core.loading import get_model

    Category, Product = get_model("catalogue", "Category"), get_model("catalogue", "Product")
    kind = get_model("catalogue", "ProductClass").objects.create(name="Article", track_stock=True)
    partner = get_model("partner", "Partner").objects.create(name="Warehouse")
    get_model("address", "Country").objects.create(
        iso_3166_1_a2="DE", iso_3166_1_a3="DEU", printable_name="Germany", name="Germany", is_shipping_country=True
    )
    for category_name, articles in ARTICLES.items():
        category = Category.objects.add_root({"name": category_name})
        for sku, title, price in articles:
            product = Product.objects.create(product_class=kind, title=title, upc=sku, description=f"{title}. Sturdy.")
            product.categories.add(category)
            product.stockrecords.create(
                partner=partner, partner_sku=sku, price=Decimal(price), price_currency="EUR", num_in_stock=100_000
            )


def _people():
    from django.contrib.auth import get_user_model
    from django.contrib.auth.hashers import make_password
    from oscar.core.loading import get_model

    User = get_user_model()
    hashed = make_password(PASSWORD)  # slow on purpose, so once for all
    User.objects.create_superuser("admin", *ADMIN)
    for email in CUSTOMERS:
        get_model("address", "UserAddress").objects.create(
            user=User.objects.create(username=email.partition("@")[0], email=email, password=hashed),
            first_name="Bea",
            last_name="Buyer",
            line1="Werkstr. 1",
            line4="Berlin",
            postcode="10115",
            country=get_model("address", "Country").objects.get(),
            is_default_for_shipping=True,
        )


if __name__ == "__main__":
    main()
