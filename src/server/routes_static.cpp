// The page's own files: share/page of the program, which `make page` fills from web/. Names are plain, and the folder is a served root of its
// own, so that nothing beside it can be reached.
#include "base/digest.h"
#include "base/error.h"
#include "server/page_routes.h"

namespace tomograd {
namespace {

constexpr int64_t most_file_bytes = int64_t{64} << 20;

const char* type_by_ending(const std::string& name) {
  constexpr std::pair<const char*, const char*> types[] = {
      {".html", "text/html; charset=utf-8"}, {".js", "text/javascript; charset=utf-8"}, {".mjs", "text/javascript; charset=utf-8"}, {".css", "text/css; charset=utf-8"},
      {".json", "application/json"}, {".svg", "image/svg+xml"}, {".png", "image/png"}, {".ico", "image/x-icon"}, {".woff2", "font/woff2"}, {".wasm", "application/wasm"},
      {".txt", "text/plain; charset=utf-8"}, {".map", "application/json"}};
  for (const auto& [ending, type] : types)
    if (name.ends_with(ending)) return type;
  return "application/octet-stream";
}

bool is_plain_name(const std::string& part) {
  return !part.empty() && part.front() != '.' && part.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.@+~") == std::string::npos;
}

ServerAnswer no_page() {
  return {200, "<!doctype html><meta charset=\"utf-8\"><title>Tomograd</title><p>The server runs, and its page is not built. Build it in the checkout with <code>make page</code> "
               "(it needs Node.js 20 or newer), and load this again. The data are at <a href=\"/api/experiments\">/api/experiments</a>.",
          "text/html; charset=utf-8"};
}

}  // namespace

ServerAnswer page_file(const PageOptions& options, const std::vector<std::string>& path, const ServerRequest& request) {
  std::string name;
  bool plain = true;
  for (const auto& part : path) name += (name.empty() ? "" : "/") + part, plain &= is_plain_name(part);
  const bool is_view = path.empty() || path.back().find('.') == std::string::npos;   // a view of the page has a path of its own
  if (options.page.empty()) return is_view && path.empty() ? no_page() : error_answer(404, "missing", "there is no such file");
  ServedRoots folder({options.page});
  std::string wanted = is_view ? "index.html" : plain ? name : "";
  std::string place = wanted.empty() ? "" : join_path(folder.folder(0), wanted);
  const FileLook look = place.empty() ? FileLook{} : folder.look(place);
  if (look.kind != FileKind::file) return is_view ? no_page() : error_answer(404, "missing", "there is no such file");
  // Names in assets/ hold a hash of what is in them, so they never change; the rest is asked for anew.
  const bool hashed = wanted.starts_with("assets/");
  const std::string tag = "\"" + digest_of(text(look.changed_ns, " ", look.bytes)).substr(7, 16) + "\"";
  ServerAnswer answer;
  answer.type = type_by_ending(wanted);
  answer.headers = {{"Cache-Control", hashed ? "private, max-age=31536000, immutable" : "private, no-cache"}, {"ETag", tag}, {"Vary", "Accept-Encoding"}};
  if (request.if_none_match == tag) {
    answer.status = 304;
    return answer;
  }
  const bool packed = request.accept_encoding.find("gzip") != std::string::npos && folder.look(place + ".gz").kind == FileKind::file;
  answer.body = read_text(folder.env(), packed ? place + ".gz" : place, most_file_bytes);
  if (packed) answer.headers.push_back({"Content-Encoding", "gzip"});
  return answer;
}

}  // namespace tomograd
