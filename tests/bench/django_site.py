"""Writes a Django project of 500 modules, as large applications have them: models, forms, views.

Owns the templates; every application of the project is made from the same eight. `main.py` of the
project starts Django and answers one request, or times many. Called by bench_django.
"""

from __future__ import annotations

from pathlib import Path

APPLICATIONS = 62
MODULES = 8 * APPLICATIONS + 4
"""Eight per application; settings, urls, middleware and main."""

SETTINGS = """\
SECRET_KEY = "not one"
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "site_urls"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATABASES = {{"default": {{"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}}}
MIDDLEWARE = ["django.middleware.common.CommonMiddleware", "site_middleware.timed"]
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", {apps}]
USE_TZ = True
"""

MIDDLEWARE = """\
import time


def timed(get_response):
    def middleware(request):
        began = time.perf_counter()
        response = get_response(request)
        response["X-Took"] = "%.6f" % (time.perf_counter() - began)
        return response

    return middleware
"""

URLS = """\
from django.urls import include, path

urlpatterns = [
{paths}
]
"""

MAIN = '''\
"""Starts Django, answers one request and then as many as the command line says.

Prints JSON: CPU seconds until the first answer and of the others, and the memory in KiB.
"""

import io
import json
import os
import sys
import time


def ask(handler, number):
    """One request through the whole of Django; raises unless it is answered well."""
    seen = []
    environ = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": "/app%d/orders/" % (number % 62),
        "QUERY_STRING": "limit=20&category=b",
        "SERVER_NAME": "shop",
        "SERVER_PORT": "80",
        "wsgi.input": io.BytesIO(),
        "wsgi.url_scheme": "http",
    }
    body = b"".join(handler(environ, lambda status, headers: seen.append(status)))
    if seen != ["200 OK"] or b"total" not in body:
        raise RuntimeError((seen, body[:200]))


def memory():
    """What is resident of this process."""
    with open("/proc/self/status") as file:
        return int(file.read().split("VmRSS:")[1].split()[0])


def main():
    """Run what the command line says."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "site_settings"
    from django.core.wsgi import get_wsgi_application

    handler = get_wsgi_application()
    ask(handler, 0)
    started, rss = time.process_time(), memory()
    for number in range(int(sys.argv[1])):
        ask(handler, number)
    took = time.process_time() - started
    print(json.dumps({"start": started, "requests": took, "rss": rss}))


main()
'''

APPS = """\
from django.apps import AppConfig


class Config(AppConfig):
    name = "app{n}"
    verbose_name = "Application {n}"

    def ready(self):
        from . import signals

        signals.connect(self)
"""

SIGNALS = '''\
"""What happens when an order changes."""

from django.core.signals import request_finished

COUNTS = {{"finished": 0, "refused": 0}}


def on_finished(sender, **kwargs):
    """Count the requests."""
    COUNTS["finished"] += 1


def on_refused(sender, reason=None, **kwargs):
    """Count the refusals, by their reason."""
    COUNTS["refused"] += 1
    if reason:
        COUNTS[reason] = COUNTS.get(reason, 0) + 1


def connect(config):
    """Called once, when the application is ready."""
    if config.name == "app{n}":
        request_finished.connect(on_finished, dispatch_uid="app{n}")
'''

MODELS = '''\
"""Customers, orders and their lines."""

from decimal import Decimal

from django.db import models


class Customer(models.Model):
    """Someone who orders."""

    name = models.CharField(max_length=100)
    email = models.EmailField(blank=True)
    discount = models.DecimalField(max_digits=4, decimal_places=2, default=0)
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]

    def __str__(self):
        return self.name

    @property
    def is_regular(self):
        """Whether the customer has a discount."""
        return self.discount > 0

    def price_of(self, amount):
        """The amount less the discount."""
        if not self.is_regular:
            return amount
        return (amount * (1 - self.discount)).quantize(Decimal("0.01"))


class Order(models.Model):
    """What was ordered at once."""

    OPEN, PAID, SENT = "open", "paid", "sent"
    STATES = [(OPEN, "Open"), (PAID, "Paid"), (SENT, "Sent")]

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="orders")
    state = models.CharField(max_length=10, choices=STATES, default=OPEN)
    note = models.TextField(blank=True)
    placed = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-placed"]

    def __str__(self):
        return "%s of %s" % (self.pk, self.customer)

    def total(self):
        """The sum of all lines."""
        amount = Decimal(0)
        for line in self.lines.all():
            amount += line.price * line.count
        return self.customer.price_of(amount)

    def advance(self):
        """Go on to the next state; ValueError at the end."""
        if self.state == self.OPEN:
            self.state = self.PAID
        elif self.state == self.PAID:
            self.state = self.SENT
        else:
            raise ValueError(self.state)


class Line(models.Model):
    """One article of an order."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="lines")
    article = models.CharField(max_length=100)
    count = models.PositiveIntegerField(default=1)
    price = models.DecimalField(max_digits=8, decimal_places=2)

    def __str__(self):
        return "%d x %s" % (self.count, self.article)
'''

FORMS = '''\
"""What a request may say."""

from django import forms

CATEGORIES = [("a", "A"), ("b", "B"), ("c", "C")]


class SearchForm(forms.Form):
    """The parameters of a list."""

    category = forms.ChoiceField(choices=CATEGORIES, required=False)
    limit = forms.IntegerField(min_value=1, max_value=100, required=False)
    order = forms.CharField(max_length=20, required=False)

    def clean_order(self):
        """A column that there is, with a minus or without."""
        order = self.cleaned_data["order"]
        if order.lstrip("-") not in ("", "name", "price"):
            raise forms.ValidationError("no such column")
        return order

    def clean(self):
        """Say what was left out."""
        data = super().clean()
        if not data.get("limit"):
            data["limit"] = 10
        if not data.get("category"):
            data["category"] = "a"
        return data
'''

SERVICES = '''\
"""Prices, without a database."""

import operator
from collections import defaultdict

RATES = {{"a": 7, "b": 19, "c": 0}}
FEES = {{"small": 490, "large": 0}}


class Basket:
    """Articles and their prices in cents."""

    def __init__(self, category):
        self.category = category
        self.rows = []

    def add(self, name, price, count=1):
        """Add an article; one that is there already is counted."""
        for row in self.rows:
            if row["name"] == name:
                row["count"] += count
                return row
        row = {{"name": name, "price": price, "count": count}}
        self.rows.append(row)
        return row

    @property
    def net(self):
        """The sum of all prices."""
        return sum(row["price"] * row["count"] for row in self.rows)

    @property
    def fee(self):
        """What sending costs."""
        if self.net > 5000:
            return FEES["large"]
        return FEES["small"]

    def total(self):
        """With tax and fee."""
        tax = self.net * RATES[self.category] // 100
        return self.net + tax + self.fee


def fill(category, limit):
    """A basket of made-up articles."""
    basket = Basket(category)
    for number in range(limit):
        name = "article %d" % (number % 7)
        price = 100 + number * {n} % 900
        if number % 3:
            basket.add(name, price)
        else:
            basket.add(name, price, count=2)
    return basket


def grouped(rows):
    """Rows by their price, the dearest first."""
    groups = defaultdict(list)
    for row in rows:
        if row["price"] > 500:
            groups["dear"].append(row)
        elif row["price"] > 200:
            groups["fair"].append(row)
        else:
            groups["cheap"].append(row)
    for group in groups.values():
        group.sort(key=operator.itemgetter("price"), reverse=True)
    return dict(groups)


def describe(basket):
    """What a list shows."""
    try:
        total = basket.total()
    except KeyError as error:
        return {{"error": "no such category: %s" % error}}
    return {{
        "total": total,
        "fee": basket.fee,
        "groups": grouped(basket.rows),
    }}
'''

VIEWS = '''\
"""The pages."""

from django.http import Http404, HttpResponseBadRequest, JsonResponse
from django.views import View

from . import services
from .forms import SearchForm
from .models import Order


def order_list(request):
    """The newest orders."""
    form = SearchForm(request.GET)
    if not form.is_valid():
        return HttpResponseBadRequest(str(form.errors))
    data = form.cleaned_data
    basket = services.fill(data["category"], data["limit"])
    answer = services.describe(basket)
    if data["order"]:
        answer["order"] = data["order"]
    return JsonResponse(answer)


def order_detail(request, number):
    """One order."""
    try:
        order = Order.objects.get(pk=number)
    except Order.DoesNotExist:
        raise Http404(number) from None
    return JsonResponse({{"id": order.pk, "state": order.state, "total": order.total()}})


class Advance(View):
    """The next state of an order."""

    http_method_names = ["post"]

    def post(self, request, number):
        """Answer with the state."""
        order = Order.objects.get(pk=number)
        try:
            order.advance()
        except ValueError:
            return HttpResponseBadRequest("sent already")
        order.save()
        return JsonResponse({{"state": order.state}})
'''

APP_URLS = """\
from django.urls import path

from . import views

app_name = "app{n}"
urlpatterns = [
    path("orders/", views.order_list, name="orders"),
    path("orders/<int:number>/", views.order_detail, name="order"),
    path("orders/<int:number>/advance/", views.Advance.as_view(), name="advance"),
]
"""

TEMPLATES = {
    "__init__": '"""Application {n}."""\n',
    "apps": APPS,
    "signals": SIGNALS,
    "models": MODELS,
    "forms": FORMS,
    "services": SERVICES,
    "views": VIEWS,
    "urls": APP_URLS,
}


def write_site(folder: Path) -> Path:
    """Write the project into the folder; the script that starts it."""
    folder.mkdir(parents=True)
    numbers = range(APPLICATIONS)
    apps = ", ".join(f'"app{n}.apps.Config"' for n in numbers)
    paths = "\n".join(f'    path("app{n}/", include("app{n}.urls")),' for n in numbers)
    (folder / "site_settings.py").write_text(SETTINGS.format(apps=apps))
    (folder / "site_urls.py").write_text(URLS.format(paths=paths))
    (folder / "site_middleware.py").write_text(MIDDLEWARE)
    (folder / "main.py").write_text(MAIN)
    for n in numbers:
        package = folder / f"app{n}"
        package.mkdir()
        for name, text in TEMPLATES.items():
            (package / f"{name}.py").write_text(text.format(n=n))
    return folder / "main.py"
