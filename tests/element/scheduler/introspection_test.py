# SPDX-License-Identifier: LGPL-2.1-or-later
"""Uses the shared scheduler as a Python application does."""

import time
import unittest

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstEkya", "1.0")
from gi.repository import GLib, Gst, GstEkya  # noqa: E402

REQUEST = (
    "ekya-share-request, stream-id=cam0, kind=inference, client=script, reason=join,"
    " configs={(structure)[config, id=(string)full, demand=(double)0.5, factor=(double)1.0]}"
)


def eventually(done, seconds=10):
    end = time.monotonic() + seconds
    while not done() and time.monotonic() < end:
        time.sleep(0.01)
    return done()


class SharedScheduler(unittest.TestCase):
    def setUp(self):
        self.scheduler = GstEkya.Scheduler.new()
        self.shares = []
        self.scheduler.connect("grant", lambda _, grant: self.shares.append(grant.get_value("share")))

    def test_grants_a_share_and_holds_a_pin(self):
        grant = self.scheduler.request(Gst.Structure.new_from_string(REQUEST))
        self.assertEqual(grant.get_name(), "ekya-share-grant")
        self.assertEqual(grant.get_value("config"), "full")
        self.assertTrue(self.scheduler.pin_share("cam0", GstEkya.ClientKind.INFERENCE, 0.25))
        self.assertTrue(eventually(lambda: self.shares and abs(self.shares[-1] - 0.25) < 1e-9))
        self.assertIn("cam0", self.scheduler.explain())

    def test_tells_what_is_wrong(self):
        with self.assertRaisesRegex(GLib.Error, "kind") as raised:
            self.scheduler.request(Gst.Structure.new_from_string(REQUEST.replace("inference", "dancing")))
        self.assertEqual(raised.exception.domain, "gst-ekya-error-quark")
        with self.assertRaisesRegex(GLib.Error, "thief"):
            self.scheduler.set_policy("steal")

    def test_is_shared_by_group(self):
        self.assertEqual(GstEkya.Scheduler.get_for_group("a"), GstEkya.Scheduler.get_for_group("a"))

    def test_gives_a_client_its_grant(self):
        client = GstEkya.Client.new(None, self.scheduler, "cam0", GstEkya.ClientKind.LABELLING)
        self.assertTrue(client.request(Gst.Structure.new_from_string("x, demand=(double)0.05")))
        share, serial = client.get_share()
        self.assertGreaterEqual(share, 0)
        self.assertGreater(serial, 0)
        client.leave()


if __name__ == "__main__":
    Gst.init(None)
    unittest.main()
