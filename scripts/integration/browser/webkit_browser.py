"""WebKitGTK with a cache on disk, driven by lines of JSON: `webkit_browser.py FOLDER trusting|strict`.

Its own driver, WebKitWebDriver, opens private windows only; those have no such cache, and repeat no `fetch` conditionally.
"""

import json
import sys

import gi

gi.require_version("Gdk", "3.0")
gi.require_version("Gtk", "3.0")
gi.require_version("WebKit2", "4.1")
from gi.repository import Gdk, GLib, Gtk, WebKit2  # noqa: E402

folder, trust = sys.argv[1:]
manager = WebKit2.WebsiteDataManager(base_data_directory=f"{folder}/data", base_cache_directory=f"{folder}/cache")
if trust == "trusting":
    manager.set_tls_errors_policy(WebKit2.TLSErrorsPolicy.IGNORE)
context = WebKit2.WebContext(website_data_manager=manager)
# The keys that WebDriver has private characters for, as far as they are typed here.
KEYS = {"\ue004": Gdk.KEY_Tab, "\ue007": Gdk.KEY_Return, "\ue00c": Gdk.KEY_Escape, "\ue013": Gdk.KEY_Up, "\ue015": Gdk.KEY_Down}
views = []
view = None
# Whether somebody is told once the page is loaded, and not one that leaves by itself.
is_opening = False


def open_window():
    """Opens a window, which is the one that orders go to."""
    global view
    view = WebKit2.WebView(web_context=context)
    view.connect("load-changed", loaded)
    window = Gtk.Window(default_width=1300, default_height=850)
    window.add(view)
    window.show_all()
    views.append(view)


def press(key):
    """Hands a key to the page as the window system would; without a window manager no window has the focus by itself."""
    view.grab_focus()
    value = KEYS.get(key) or Gdk.unicode_to_keyval(ord(key))
    keymap = Gdk.Keymap.get_for_display(Gdk.Display.get_default())
    for kind in (Gdk.EventType.KEY_PRESS, Gdk.EventType.KEY_RELEASE):
        event = Gdk.Event.new(kind)
        event.window, event.send_event, event.time, event.keyval = view.get_window(), True, Gdk.CURRENT_TIME, value
        found, entries = keymap.get_entries_for_keyval(value)
        event.hardware_keycode = entries[0].keycode if found else 0
        event.set_device(Gdk.Display.get_default().get_default_seat().get_keyboard())
        Gtk.main_do_event(event)


def say(**outcome):
    print(json.dumps(outcome), flush=True)


def told(source, _):
    global view, is_opening
    line = source.readline()
    if not line:
        Gtk.main_quit()
        return False
    order = json.loads(line)
    is_opening = "open" in order or "window" in order
    if "open" in order:
        view.load_uri(order["open"])
    elif "window" in order:
        open_window()
        view.load_uri(order["window"])
    elif "look" in order:
        view = views[order["look"]]
        say(value=order["look"])
    elif "width" in order:
        view.get_toplevel().resize(order["width"], order["height"])
        say(value="")
    elif "type" in order:
        for key in order["type"]:
            press(key)
        say(value="")
    else:
        arguments = GLib.Variant("a{sv}", {"text": GLib.Variant("s", order["arguments"])})
        view.call_async_javascript_function(order["run"], -1, arguments, None, None, None, ran)
    return True


def ran(asked, result):
    try:
        say(value=asked.call_async_javascript_function_finish(result).to_string())
    except GLib.Error as error:
        say(error=error.message)


def loaded(_, event):
    global is_opening
    if is_opening and event == WebKit2.LoadEvent.FINISHED:
        is_opening = False
        say(value=len(views) - 1)


open_window()
GLib.io_add_watch(sys.stdin, GLib.PRIORITY_DEFAULT, GLib.IO_IN | GLib.IO_HUP, told)
Gtk.main()
