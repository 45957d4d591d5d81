"""The shop's pages, and the switch for its faults."""

from django.apps import apps
from django.http import HttpResponse
from django.urls import include, path

from oscarshop import faults, releases

urlpatterns = [
    path("health/", lambda _request: HttpResponse("ok")),
    path("_faults/<slug:name>/<str:state>/", faults.switch),
    path("release.json", releases.show),
    path("_release/<slug:version>/<slug:commit>/", releases.deploy),
    path("i18n/", include("django.conf.urls.i18n")),
    path("", include(apps.get_app_config("oscar").urls[0])),
]
