"""WebKitGTK with one page and with a cache on disk, driven by lines of JSON: `webkit_browser.py FOLDER trusting|strict`.

Its own driver, WebKitWebDriver, opens private windows only; those have no such cache, and repeat no `fetch` conditionally.
"""

import json
import sys

import gi

gi.require_version("Gtk", "3.0")
gi.require_version("WebKit2", "4.1")
from gi.repository import GLib, Gtk, WebKit2  # noqa: E402

folder, trust = sys.argv[1:]
manager = WebKit2.WebsiteDataManager(base_data_directory=f"{folder}/data", base_cache_directory=f"{folder}/cache")
if trust == "trusting":
    manager.set_tls_errors_policy(WebKit2.TLSErrorsPolicy.IGNORE)
view = WebKit2.WebView(web_context=WebKit2.WebContext(website_data_manager=manager))
window = Gtk.Window(default_width=1300, default_height=850)
window.add(view)
window.show_all()


def say(**outcome):
    print(json.dumps(outcome), flush=True)


def told(source, _):
    line = source.readline()
    if not line:
        Gtk.main_quit()
        return False
    order = json.loads(line)
    if "open" in order:
        view.load_uri(order["open"])
    else:
        arguments = GLib.Variant("a{sv}", {"text": GLib.Variant("s", order["arguments"])})
        view.call_async_javascript_function(order["run"], -1, arguments, None, None, None, ran)
    return True


def ran(_, result):
    try:
        say(value=view.call_async_javascript_function_finish(result).to_string())
    except GLib.Error as error:
        say(error=error.message)


def loaded(_, event):
    if event == WebKit2.LoadEvent.FINISHED:
        say(value="")


view.connect("load-changed", loaded)
GLib.io_add_watch(sys.stdin, GLib.PRIORITY_DEFAULT, GLib.IO_IN | GLib.IO_HUP, told)
Gtk.main()
