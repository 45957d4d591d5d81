"""A small real shop with a switchboard of faults.

app             routes, nodes and faults joined to one ASGI application
pages, cart, checkout, account, api, feeds    the shop as customers, programs and search engines see it
render, pdf     pages and invoices; `templates/` and `static/` beside them
session         who is asking: the signed session and the tokens of forms
shop            the shop's own rules: prices, stock, orders
catalogue, database    what it sells, and where it is kept (in memory)
faults          every fault, as data; effects: what one does to an answer; switchboard: its page and JSON
phone           takes the messages that techrun sends, and shows them
serve           serves all this until it is told to stop
server          for others: runs the shop in a process of its own, and works its switchboard
"""
