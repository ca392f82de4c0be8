"""The console: the HTTP API of a site, and the page that shows it.

`access` admits requests, `app` answers them, `frames` has the state of every node and wire of the drawings, `stream`
sends what changes, `serving` listens. `drawing` lays a site out; `page` holds the files of the page. The extra
`console` (`pip install twinfeed[console]`) brings what `app` and `serving` import; the rest needs nothing.
"""
