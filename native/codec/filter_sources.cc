// The filter, which both addons share; compiled here as in shared_sources.cc.
#include "common/filter.cc"
#include "common/filter_napi.cc"
