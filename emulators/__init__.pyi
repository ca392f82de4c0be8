from twinfeed.emulators.plant.kernel.actor import PlantError as PlantError
from twinfeed.emulators.serving import Endpoint as Endpoint
from twinfeed.emulators.serving import LiveSite as LiveSite
from twinfeed.emulators.serving import ServeError as ServeError
from twinfeed.emulators.site import Site as Site
from twinfeed.emulators.textfile import FileError as FileError
