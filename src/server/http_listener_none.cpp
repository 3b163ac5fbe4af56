#ifndef TOMOGRAD_BEAST
#include "base/error.h"
#include "server/http_listener.h"

namespace tomograd {

struct HttpListener::State {};
HttpListener::HttpListener(const ListenerOptions&, Handler) { fail_input("this tomograd was built without Boost.Beast, so it cannot serve", "install libboost1.81-dev and build again"); }
HttpListener::~HttpListener() = default;
int HttpListener::port() const { return 0; }

}  // namespace tomograd
#endif
