"""An invoice as a small PDF: one page, Helvetica, nothing embedded."""

from __future__ import annotations

from techrun.demo.catalogue import BRAND, VAT_PERCENT
from techrun.demo.database import Order
from techrun.demo.shop import Shop


def invoice_pdf(shop: Shop, order: Order) -> bytes:
    """The invoice of an order."""
    lines = [
        f"{BRAND}: tools and workwear",
        "",
        f"Invoice for order {order.number}",
        f"Date {order.at[:10]}    Customer {order.customer}",
        "",
        *(
            f"{line.quantity} x {line.sku}  {line.name}   {shop.money(line.quantity * line.each)}"
            for line in order.lines
        ),
        "",
        f"Total {shop.money(order.total)}, VAT {VAT_PERCENT} % included",
    ]
    return pdf_of(lines)


def pdf_of(lines: list[str]) -> bytes:
    """A PDF of one A4 page with these lines."""
    shown = b" ".join(b"(" + _escaped(line) + b") Tj T*" for line in lines)
    content = b"BT /F1 12 Tf 18 TL 64 770 Td " + shown + b" ET"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 5 0 R /Resources 6 0 R >>",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
        b"<< /Font << /F1 4 0 R >> >>",
    ]
    body, offsets = b"%PDF-1.4\n", []
    for number, entry in enumerate(objects, 1):
        offsets.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, entry)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    size = len(objects) + 1
    return (
        body
        + b"xref\n0 %d\n0000000000 65535 f \n%s" % (size, table)
        + b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (size, len(body))
    )


def _escaped(line: str) -> bytes:
    raw = line.encode("cp1252", "replace")
    return raw.replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)")
