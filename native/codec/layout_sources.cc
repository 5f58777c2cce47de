// The layout of the shared header, which both addons can tell; compiled here as in shared_sources.cc.
#include "common/layout.cc"
