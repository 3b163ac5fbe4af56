#include "server/route_table.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "server/page_server.h"
#include "spec/text_formats.h"

namespace tomograd {
namespace {

TEST(RouteTable, ATargetIsDecodedOnceOrRefused) {
  auto found = parse_target("/api/a%20b/?x=1&y=a%2Cb+c&z");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->path, (std::vector<std::string>{"api", "a b"}));
  EXPECT_EQ(found->query, (std::map<std::string, std::string>{{"x", "1"}, {"y", "a,b c"}, {"z", ""}}));
  EXPECT_TRUE(parse_target("/")->path.empty());
  for (const char* bad : {"", "api", "*", "http://a/b", "//a", "/a//b", "/../a", "/a/..", "/a/./b", "/%2e%2e/a", "/a%2fb", "/a%5cb", "/a\\b", "/%25", "/%00", "/%0a", "/%7f", "/%", "/%4", "/%g0", "/%c0%ae", "/?x=1&x=2", "/?=1", "/?x=%", "/a#b", "/\x01"})
    EXPECT_FALSE(parse_target(bad)) << bad;
}

TEST(RouteTable, WrittenPartsGoBeforePlaces) {
  RouteTable table;
  auto say = [](const char* word) { return [word](const Call&) { return ServerAnswer{200, word}; }; };
  table.add({"GET", "/a/{id}", "", {}, false, say("place")});
  table.add({"GET", "/a/list", "", {}, false, say("list")});
  table.add({"POST", "/a/{id}/stop", "", {}, true, say("stop")});
  EXPECT_THROW(table.add({"GET", "/a/list", "", {}, false, say("again")}), Error);
  EXPECT_EQ(table.find("GET", {"a", "list"}).route->path, "/a/list");
  auto found = table.find("GET", {"a", "x"});
  ASSERT_TRUE(found.route);
  EXPECT_EQ(found.places.at("id"), "x");
  EXPECT_FALSE(table.find("GET", {"a", "x", "stop"}).route);
  EXPECT_TRUE(table.find("GET", {"a", "x", "stop"}).other_method);
  EXPECT_FALSE(table.find("GET", {"b"}).other_method);
  EXPECT_FALSE(table.find("GET", {"a", ""}).route);
}

TEST(RouteTable, ParametersSayWhatIsWrong) {
  ServerRequest request;
  Call call{request, {}, {{"n", "7"}, {"bad", "7x"}, {"far", "99"}, {"f", "1e3"}, {"inf", "inf"}}};
  EXPECT_EQ(call.integer("n", 0, 0, 10), 7);
  EXPECT_EQ(call.integer("none", 3, 0, 10), 3);
  EXPECT_EQ(call.number("f"), 1000);
  EXPECT_THROW(call.integer("bad", 0, 0, 10), Error);
  EXPECT_THROW(call.integer("far", 0, 0, 10), Error);
  EXPECT_THROW(call.number("inf"), Error);
  call.body = parse_json(R"({"name": "x", "count": 3, "other": null})", "body");
  EXPECT_EQ(call.field("name"), "x");
  EXPECT_EQ(call.field("count", 0, 0, 5), 3);
  EXPECT_EQ(call.field("other", "y"), "y");
  EXPECT_THROW(call.field("count", 0, 0, 2), Error);
  EXPECT_THROW(call.field("name", 0, 0, 2), Error);
  EXPECT_THROW(call.check_body({"name"}), Error);
  call.check_body({"name", "count", "other"});
}

TEST(RouteTable, TheListOfRoutesIsOpenApi) {
  Value api = parse_json(page_openapi("1.2.3"), "openapi");
  EXPECT_EQ(api.at("info").at("version"), Value("1.2.3"));
  const Value& plane = api.at("paths").at("/api/volumes/{id}/plane").at("get");
  EXPECT_EQ(plane.at("parameters").as_list()[0].at("in"), Value("path"));
  EXPECT_EQ(plane.at("parameters").as_list()[1].at("schema").at("enum").as_list().size(), 3u);
  EXPECT_EQ(api.at("paths").at("/api/experiments/{id}/stop").at("post").at("x-changes"), Value(true));
}

}  // namespace
}  // namespace tomograd
