"""The console of a site. `drawing` lays the site out for a screen."""
