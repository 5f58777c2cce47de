// What both addons share and this one needs. Compiled here instead of being listed as a source of its own.
#include "common/batch_decoder.cc"
