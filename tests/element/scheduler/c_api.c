/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/ekya/ekya.h>

int
main (int argc, char **argv)
{
  GstEkyaScheduler *scheduler;

  gst_init (&argc, &argv);
  scheduler = gst_ekya_scheduler_new ();
  gst_object_unref (scheduler);
  return 0;
}
