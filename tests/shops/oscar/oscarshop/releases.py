"""Which release the shop runs: one file, so that every worker tells the same at once."""

import json
from pathlib import Path

from django.conf import settings
from django.http import HttpResponse, JsonResponse

FILE = Path(settings.DATA) / "release.json"
FIRST = {"version": "v800", "commit": "0800aaa"}


def show(_request):
    """What a shop's own deployment leaves beside its pages."""
    return JsonResponse(json.loads(FILE.read_text()) if FILE.exists() else FIRST)


def deploy(_request, version, commit):
    """Run another release."""
    new = FILE.with_suffix(".new")
    new.write_text(json.dumps({"version": version, "commit": commit}))
    new.replace(FILE)
    return HttpResponse(version)
