"""A form is sent as a browser would send it; what no customer could do is refused in words."""

from urllib.parse import parse_qsl

import pytest
from selectolax.lexbor import LexborHTMLParser

from techrun.journey.controls import FormError
from techrun.journey.forms import Filling, submit
from techrun.language.scalars import FloatText, IntText

PAGE = "https://shop.example/p/mug?color=red#top"


def send(html, selector="form", press="", added=(), **fill):
    document = LexborHTMLParser(html)
    return submit(document, PAGE, selector, Filling(fill, added, press), "BOUNDARY")


def fields(html, **options):
    return parse_qsl(
        send(f"<form method=post>{html}</form>", **options).body.decode(), keep_blank_values=True
    )


@pytest.mark.parametrize(
    ("html", "sent"),
    [
        pytest.param('<input name=q value="a b">', [("q", "a b")], id="text"),
        pytest.param("<input name=q>", [("q", "")], id="an empty text field"),
        pytest.param('<input type=hidden name=csrf value="t&=1">', [("csrf", "t&=1")], id="hidden"),
        pytest.param("<input value=x>", [], id="no name"),
        pytest.param("<input name=a disabled value=1>", [], id="disabled"),
        pytest.param("<input name=a readonly value=1>", [("a", "1")], id="readonly"),
        pytest.param("<input type=checkbox name=a checked>", [("a", "on")], id="ticked box without value"),
        pytest.param("<input type=checkbox name=a value=1>", [], id="box not ticked"),
        pytest.param(
            "<input type=hidden name=a value=0><input type=checkbox name=a value=1 checked>",
            [("a", "0"), ("a", "1")],
            id="hidden zero before a box",
        ),
        pytest.param(
            "<input type=radio name=r value=1><input type=radio name=r value=2 checked>",
            [("r", "2")],
            id="radio",
        ),
        pytest.param(
            "<input type=radio name=r value=1 checked><input type=radio name=r value=2 checked>",
            [("r", "2")],
            id="two radio buttons, the last counts",
        ),
        pytest.param(
            "<select name=s><option value=1>one<option value=2>two</select>", [("s", "1")], id="select: first"
        ),
        pytest.param(
            "<select name=s><option>one  two<option>x</select>", [("s", "one two")], id="option text"
        ),
        pytest.param(
            "<select name=s><option value=1><option value=2 selected></select>", [("s", "2")], id="selected"
        ),
        pytest.param(
            "<select name=s><option value='' disabled selected>choose<option value=1>one</select>",
            [],
            id="disabled placeholder: nothing is chosen",
        ),
        pytest.param(
            "<select name=s><optgroup disabled><option>a</optgroup><option>b</select>",
            [("s", "b")],
            id="disabled group",
        ),
        pytest.param(
            "<select name=s multiple><option selected>a<option>b<option selected>c</select>",
            [("s", "a"), ("s", "c")],
            id="multiple",
        ),
        pytest.param("<select name=s multiple><option>a</select>", [], id="multiple, none"),
        pytest.param("<select name=s size=4><option>a</select>", [], id="list box, none"),
        pytest.param("<select name=s></select>", [], id="empty select"),
        pytest.param("<textarea name=t>\nline1\nline2</textarea>", [("t", "line1\r\nline2")], id="textarea"),
        pytest.param(
            "<fieldset disabled><legend><input name=a value=1></legend><input name=b value=2></fieldset>",
            [("a", "1")],
            id="disabled fieldset, not its legend",
        ),
        pytest.param(
            "<fieldset disabled><legend></legend><legend><input name=a></legend></fieldset>",
            [],
            id="disabled fieldset, its second legend",
        ),
        pytest.param("<input name=a form=''><input name=b form=g>", [], id="controls of no form"),
        pytest.param("<input type=submit name=go>", [("go", "Submit")], id="button without a caption"),
        pytest.param("<input name=a value=x dirname=d>", [("a", "x"), ("d", "ltr")], id="direction"),
        pytest.param(
            "<input type=number name=n value=many><input type=date name=d value=2026-02-30>"
            "<input type=email name=e value=' a@b.example '><input type=range name=r max=10>",
            [("n", ""), ("d", ""), ("e", "a@b.example"), ("r", "5")],
            id="values that a field cannot show",
        ),
        pytest.param(
            "<input type=reset name=r value=1><button type=button name=b>x</button>", [], id="no submitters"
        ),
        pytest.param("<input type=file name=f>", [("f", "")], id="file"),
        pytest.param("<input type=hidden name=_charset_>", [("_charset_", "UTF-8")], id="charset"),
        pytest.param(
            "<button name=go value=1>a</button><button name=go value=2>b</button>",
            [("go", "1")],
            id="first button only",
        ),
        pytest.param(
            "<button disabled name=a value=1></button><input type=submit name=b value=2>",
            [("b", "2")],
            id="first button that is not disabled",
        ),
        pytest.param("<input type=image name=i src=x>", [("i.x", "1"), ("i.y", "1")], id="image button"),
        pytest.param("<input type=date name=d value=2026-01-31>", [("d", "2026-01-31")], id="date"),
    ],
)
def test_untouched_controls_travel_as_a_browser_sends_them(html, sent):
    assert fields(html) == sent


@pytest.mark.parametrize(
    ("html", "fill", "sent"),
    [
        pytest.param("<input name=qty value=1>", {"qty": 3}, [("qty", "3")], id="number"),
        pytest.param("<input name=zip>", {"zip": IntText(1234, "01234")}, [("zip", "01234")], id="number keeps its text"),
        pytest.param("<input name=p>", {"p": FloatText(1.1, "1.10")}, [("p", "1.10")], id="fraction keeps its text"),
        pytest.param("<input type=hidden name=h value=1>", {"h": "2"}, [("h", "2")], id="hidden"),
        pytest.param("<input name=q><input name=q>", {"q": ["a", "b"]}, [("q", "a"), ("q", "b")], id="list fills several"),
        pytest.param("<input name=q><input name=q value=z>", {"q": "a"}, [("q", "a"), ("q", "z")], id="one fills the first"),
        pytest.param("<input type=checkbox name=a value=1>", {"a": True}, [("a", "1")], id="tick"),
        pytest.param("<input type=checkbox name=a checked>", {"a": False}, [], id="untick"),
        pytest.param(
            "<input type=checkbox name=a value=1 checked><input type=checkbox name=a value=2>",
            {"a": ["2"]},
            [("a", "2")],
            id="boxes by value",
        ),
        pytest.param(
            "<input type=radio name=r value=1 checked><input type=radio name=r value=2>", {"r": 2}, [("r", "2")], id="radio"
        ),
        pytest.param("<select name=s><option>a<option>b</select>", {"s": "b"}, [("s", "b")], id="select"),
        pytest.param(
            "<select name=region><option value=''>Choose</select>", {"region": "ES-M"}, [("region", "ES-M")],
            id="a list that a script fills",
        ),
        pytest.param("<textarea name=t>x</textarea>", {"t": "a\nb"}, [("t", "a\r\nb")], id="textarea"),
        pytest.param("<input name=attribute[12]>", {"attribute[12]": "x"}, [("attribute[12]", "x")], id="brackets"),
    ],
)  # fmt: skip
def test_fill_overrides_what_a_person_could_change(html, fill, sent):
    document = LexborHTMLParser(f"<form method=post>{html}</form>")
    sub = submit(document, PAGE, "form", Filling(fill), "B")
    assert parse_qsl(sub.body.decode(), keep_blank_values=True) == sent


@pytest.mark.parametrize(
    ("html", "options", "message"),
    [
        pytest.param("<p>Sorry</p>", {}, "no form matches 'form'; the page has no form", id="no form"),
        pytest.param("<form id=a></form>", {"selector": "#b"}, "the page has form#a", id="another form"),
        pytest.param("<div id=b></div>", {"selector": "#b"}, "'#b' finds a <div>, not a form", id="no form at all"),
        pytest.param(
            "<form><input name=qty><input name=sku></form>", {"quantity": 1},
            "the form 'form' has no field 'quantity'; it has qty, sku", id="unknown field",
        ),
        pytest.param("<form><input name=q disabled></form>", {"q": 1}, "'q' of the form 'form' is disabled", id="disabled"),
        pytest.param(
            "<form><select name=s><option>a<option>b</select></form>", {"s": "c"},
            "the field 's' does not offer 'c', only 'a', 'b'", id="option gone",
        ),
        pytest.param(
            "<form><input type=radio name=ship value=dhl></form>", {"ship": "ups"},
            "the field 'ship' does not offer 'ups', only 'dhl'", id="radio gone",
        ),
        pytest.param("<form><input name=q></form>", {"q": [1, 2]}, "there are 1 fields 'q' for 2 values", id="too many"),
        pytest.param(
            "<form><input type=radio name=r value=1><input type=radio name=r value=2></form>", {"r": [1, 2]},
            "the field 'r' takes one value, not 2", id="two radio buttons",
        ),
        pytest.param("<form><input type=file name=f></form>", {"f": "x"}, "files cannot be sent", id="file"),
        pytest.param("<form></form>", {"press": "#go"}, "no button matches '#go'", id="no button"),
        pytest.param("<form><button id=go disabled></form>", {"press": "#go"}, "'#go' is disabled", id="disabled button"),
        pytest.param(
            "<button id=go>x</button><form></form>", {"press": "#go"}, "is no submit button of the form", id="outside"
        ),
        pytest.param("<form action='javascript:pay()'></form>", {}, "a script sends it", id="script"),
        pytest.param("<form method=dialog></form>", {}, "only closes a dialog", id="dialog"),
    ],
)  # fmt: skip
def test_what_no_customer_could_do_fails_and_says_why(html, options, message):
    with pytest.raises(FormError) as raised:
        send(html, **options)
    assert message in str(raised.value)


@pytest.mark.parametrize(
    ("html", "url"),
    [
        ("<form method=post>", "https://shop.example/p/mug?color=red"),
        ("<form method=post action=''>", "https://shop.example/p/mug?color=red"),
        ("<form method=post action='/cart#x'>", "https://shop.example/cart"),
        ("<form method=post action='add'>", "https://shop.example/p/add"),
        ("<form method=post action='https://pay.example/x'>", "https://pay.example/x"),
        ("<base href='/shop/'><form method=post action='add'>", "https://shop.example/shop/add"),
        ("<base href='/shop/'><form method=post>", "https://shop.example/p/mug?color=red"),
    ],
)
def test_the_action_is_read_as_browsers_read_it(html, url):
    assert send(html).url == url


def test_a_get_form_replaces_the_query_of_its_action():
    sent = send("<form action='/search?old=1'><input name=q value='tea pot'></form>")
    assert (sent.method, sent.url, sent.body) == ("GET", "https://shop.example/search?q=tea+pot", b"")


def test_the_pressed_button_decides_name_value_action_and_method():
    html = (
        "<form action=/cart><button name=do value=update>u</button>"
        "<button id=buy name=do value=buy formaction=/checkout formmethod=post>b</button></form>"
    )
    sent = send(html, press="#buy")
    assert (sent.method, sent.url, sent.body) == ("POST", "https://shop.example/checkout", b"do=buy")


def test_controls_outside_the_form_travel_in_the_order_of_the_page():
    html = "<input form=f name=a value=1><form id=f method=post><input name=b value=2></form><input form=f name=c value=3>"
    assert send(html).body == b"a=1&b=2&c=3"


def test_a_control_that_names_another_form_stays_out():
    html = (
        "<form id=f method=post><input name=a value=1><input form=g name=b value=2></form><form id=g></form>"
    )
    assert send(html, "#f").body == b"a=1"


def test_a_form_that_the_parser_could_not_nest_in_a_table_keeps_its_controls():
    html = "<table><form id=f method=post><tr><td><input name=a value=1></td></tr></form></table>"
    assert send(html).body == b"a=1"


def test_of_several_forms_between_the_rows_of_a_table_each_keeps_its_own_controls():
    html = "<table>" + "".join(
        f"<form id=f{n} method=post><tr><td><input name=qty value={n}></td></tr></form>" for n in range(3)
    )
    assert [send(html, f"#f{n}").body for n in range(3)] == [b"qty=0", b"qty=1", b"qty=2"]


@pytest.mark.parametrize(
    ("form", "charset", "body"),
    [
        ("", "utf-8", "q=gr%C3%B6%C3%9Fe+%E2%98%83~"),
        ("", "cp1252", "q=gr%F6%DFe+%26%239731%3B~"),
        ("accept-charset='x-none iso-8859-15, utf-8'", "utf-8", "q=gr%F6%DFe+%26%239731%3B~"),
        ("", "utf-16-le", "q=gr%C3%B6%C3%9Fe+%E2%98%83~"),
    ],
)
def test_a_form_is_sent_in_the_charset_of_its_page(form, charset, body):
    document = LexborHTMLParser(f"<form method=post {form}><input name=q value='größe &#9731;~'></form>")
    sent = submit(document, PAGE, "form", Filling({}), "B", charset=charset)
    assert sent.body.decode() == body.replace("~", "%7E")


def test_a_form_can_be_sent_as_plain_text():
    sent = send("<form method=post enctype=text/plain><input name=a value='1 &'><input name=b></form>")
    assert (sent.content_type, sent.body) == ("text/plain", b"a=1 &\r\nb=\r\n")


def test_fields_that_a_script_adds_are_sent_as_written():
    sent = send("<form method=post><input name=a value=1></form>", added=(("ajax", "1"), ("add", "1")))
    assert sent.body == b"a=1&ajax=1&add=1"


def test_multipart_is_encoded_with_empty_file_parts():
    html = '<form method=post enctype=multipart/form-data><input name=a value="ü"><input type=file name=f></form>'
    sent = send(html)
    assert sent.content_type == "multipart/form-data; boundary=BOUNDARY"
    assert sent.body.decode() == (
        '--BOUNDARY\r\nContent-Disposition: form-data; name="a"\r\n\r\nü\r\n'
        '--BOUNDARY\r\nContent-Disposition: form-data; name="f"; filename=""\r\n'
        "Content-Type: application/octet-stream\r\n\r\n\r\n--BOUNDARY--\r\n"
    )
