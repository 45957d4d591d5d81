"""Whether what was deployed is what is live: asked of every node, and of the shop's own address.

reading   how an answer tells its version: compiled from the settings, pure
nodes     the addresses that serve a shop
edges     which CDN answered, and whether out of a cache, told from headers alone
asking    one answer of one place
matching  whether an answer is the release's
turning   what became of the places, told from their answers alone; telling: the same in words
looking   all of that, until every place has turned or its time is over: begin here
again     the same once more when the bake is over
rulings   what is to be thought of it
"""
