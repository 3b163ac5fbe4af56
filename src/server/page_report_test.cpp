#include "server/page_test_host.h"

namespace tomograd {
namespace {

std::string report_place(PageHost& page) { return "/api/experiments/" + page.get("/api/experiments").json().at("experiments").as_list().at(0).at("id").as_text(); }

TEST(PageReport, FiguresAreListedAndDrawn) {
  PageHost page;
  page.make_experiment("loo");
  page.start();
  const std::string place = report_place(page) + "/figures";
  Value list = page.get(place).json();
  EXPECT_EQ(list.at("format"), Value("tomograd.figures/1"));
  ASSERT_GE(list.at("figures").as_list().size(), 3u);
  bool grouped = false;
  for (const Value& figure : list.at("figures").as_list()) {
    grouped |= figure.at("name") == Value("grouped_trials");
    EXPECT_FALSE(figure.find("svg"));
    Answered svg = page.get(place + "/" + figure.at("name").as_text());
    EXPECT_EQ(svg.status, 200);
    EXPECT_EQ(svg.headers["content-type"], "image/svg+xml");
    EXPECT_NE(svg.headers["content-security-policy"].find("default-src 'none'"), std::string::npos);
    EXPECT_NE(svg.headers["content-security-policy"].find("sandbox"), std::string::npos);
    EXPECT_TRUE(svg.body.starts_with("<svg "));
    EXPECT_EQ(svg.body.find("<script"), std::string::npos);
  }
  EXPECT_TRUE(grouped);
  EXPECT_EQ(page.get(place + "/none").status, 404);
}

TEST(PageReport, FiguresOfAnotherVersionAreDrawnAnew) {
  PageHost page;
  auto store = page.make_experiment("loo", 5);
  page.start();
  const std::string place = report_place(page) + "/figures";
  Answered before = page.get(place);
  const std::string drawn = page.get(place + "/timeline").body;
  PageHost::finish_one(*store, 0.9);
  EXPECT_NE(page.get(place).headers["etag"], before.headers["etag"]);
  EXPECT_NE(page.get(place + "/timeline").body, drawn);
}

TEST(PageReport, CancelEndsWhatIsNotOver) {
  PageHost page;
  auto store = page.make_experiment("loo", 2);
  page.start();
  auto claim = store->claim("w", "c-running");
  ASSERT_TRUE(claim);
  Value state = page.post(report_place(page) + "/cancel", "{}").json();
  EXPECT_EQ(state.at("state"), Value("done"));
  EXPECT_EQ(state.at("trials").at("cancelled"), Value(4));
  EXPECT_EQ(state.at("trials").at("complete"), Value(2));
  EXPECT_THROW(store->complete(*claim, {}, "late"), Error);
  EXPECT_EQ(page.post(report_place(page) + "/cancel", "{}").status, 200);   // nothing is left: nothing happens
  EXPECT_EQ(page.post(report_place(page) + "/cancel", R"({"trials": [1]})").status, 400);
}

}  // namespace
}  // namespace tomograd
