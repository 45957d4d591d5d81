"""Payment of this shop: on invoice, or a card that is never charged."""

from django import forms
from oscar.apps.checkout.views import PaymentDetailsView as OscarPaymentDetailsView
from oscar.apps.payment.exceptions import UnableToTakePayment

from oscarshop import faults


class PaymentForm(forms.Form):
    method = forms.ChoiceField(choices=[("invoice", "On invoice"), ("card", "Card")], initial="invoice")
    reference = forms.CharField(required=False, label="Your order reference")


class PaymentDetailsView(OscarPaymentDetailsView):
    def get_context_data(self, **kwargs):
        kwargs.setdefault("payment_form", PaymentForm(initial={"method": "invoice"}))
        return super().get_context_data(**kwargs)

    def handle_payment_details_submission(self, request):
        form = PaymentForm(request.POST)
        if form.is_valid():
            return self.render_preview(request, payment_form=form)
        return self.render_payment_details(request, payment_form=form)

    def handle_place_order_submission(self, request):
        form = PaymentForm(request.POST)
        if not form.is_valid():
            return self.render_payment_details(request, payment_form=form)
        return self.submit(**self.build_submission(payment_kwargs={"payment_form": form}))

    def handle_payment(self, order_number, total, payment_form=None, **kwargs):
        if faults.active("payment-declined"):
            raise UnableToTakePayment("Your payment was declined")
        if faults.active("payment-down"):
            raise ConnectionError("the payment provider does not answer")
