#include <gdk-pixbuf/gdk-pixbuf.h>
#include <cairo.h>
#include <fontconfig/fontconfig.h>
#include <pango/pangocairo.h>
