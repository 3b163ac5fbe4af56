// S3 as a server of a few lines speaks it: listings in pages, refusals in XML, signatures that are asked for.
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/remote_env.h"
#include "support/http_server.h"

namespace tomograd {
namespace {

bool says(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

std::string percent_decoded(const std::string& text) {
  std::string plain;
  for (size_t i = 0; i < text.size(); ++i)
    if (text[i] == '%') plain += char(std::stoi(text.substr(i + 1, 2), nullptr, 16)), i += 2;
    else plain += text[i];
  return plain;
}

class Bucket {                                   // "bucket", its objects, and what they answer
 public:
  std::map<std::string, std::string> objects;
  int page = 2;                                  // keys or prefixes of one answer
  bool anonymous_refused = false, listing_refused = false;
  std::vector<ServedRequest> seen;
  std::mutex mutex;

  ServedAnswer operator()(const ServedRequest& request) {
    std::lock_guard lock(mutex);
    seen.push_back(request);
    auto refuse = [&](int status, const std::string& code) {
      return ServedAnswer{status, request.method == "HEAD" ? "" : "<Error><Code>" + code + "</Code><Message>words of " + code + "</Message></Error>", {}};
    };
    if (anonymous_refused && !request.headers.contains("authorization")) return refuse(403, "SignatureDoesNotMatch");
    std::string target = request.target, query;
    if (size_t mark = target.find('?'); mark != std::string::npos) query = target.substr(mark + 1), target.resize(mark);
    if (!query.empty()) return listing_refused ? refuse(403, "AccessDenied") : list(query);
    std::string key = percent_decoded(target.substr(std::string("/bucket/").size()));
    if (auto found = objects.find(key); found != objects.end()) return serve_file(request, found->second);
    return refuse(listing_refused ? 403 : 404, listing_refused ? "AccessDenied" : "NoSuchKey");
  }

 private:
  ServedAnswer list(const std::string& query) {
    std::map<std::string, std::string> asked;
    for (size_t at = 0; at < query.size();) {
      size_t end = std::min(query.find('&', at), query.size()), equals = query.find('=', at);
      asked[query.substr(at, equals - at)] = percent_decoded(query.substr(equals + 1, end - equals - 1));
      at = end + 1;
    }
    std::string prefix = asked["prefix"], after = asked["continuation-token"], entries, last, before;
    int count = 0;
    bool more = false;
    for (const auto& [key, content] : objects) {
      if (!key.starts_with(prefix)) continue;
      size_t slash = key.find('/', prefix.size());
      std::string name = slash == std::string::npos ? key : key.substr(0, slash + 1);
      if ((!after.empty() && name <= after) || name == before) continue;
      if (count == std::min(page, std::stoi(asked["max-keys"]))) { more = true; break; }
      before = last = name, ++count;
      if (slash == std::string::npos) entries += "<Contents><Key>" + name + "</Key><Size>" + std::to_string(content.size()) + "</Size><ETag>&quot;1&quot;</ETag></Contents>";
      else entries += "<CommonPrefixes><Prefix>" + name + "</Prefix></CommonPrefixes>";
    }
    std::string next = more ? "<NextContinuationToken>" + last + "</NextContinuationToken>" : "";
    return {200, "<ListBucketResult xmlns=\"x\"><IsTruncated>" + std::string(more ? "true" : "false") + "</IsTruncated>" + next + entries + "</ListBucketResult>", {}};
  }
};

class RemoteEnvS3 : public ::testing::Test {
 protected:
  void SetUp() override {
#ifndef TOMOGRAD_CURL
    GTEST_SKIP() << "built without libcurl";
#endif
    options_.endpoint = server_.url();
    bucket_.objects = {{"a.zarr/zarr.json", "{}"}, {"a.zarr/s0/zarr.json", "{}"}, {"a.zarr/s0/c/0", "chunk"}, {"a.zarr/s0/c/1", "other"}, {"a.zarr/labels/", ""}, {"a.zarr/x y+z", "s"}, {"a.zarr.txt", "t"}, {"a.zarr/n", "n"}};
  }
  std::string trouble(Env& env, const std::string& path) {
    try {
      env.open_input(path);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::input);
      return error.what();
    }
    return "";
  }
  Bucket bucket_;
  HttpServer server_{[this](const ServedRequest& request) { return bucket_(request); }};
  RemoteOptions options_;
  ManualClock clock_;
};

TEST_F(RemoteEnvS3, ListsInPagesAndRemembersWhatTheySaid) {
  RemoteEnv env(options_, clock_);
  EXPECT_EQ(env.list("s3://bucket/a.zarr"), (std::vector<std::string>{"labels", "n", "s0", "x y+z", "zarr.json"}));
  int64_t before = server_.requests();
  EXPECT_EQ(env.kind("s3://bucket/a.zarr/s0"), FileKind::directory);
  EXPECT_EQ(env.kind("s3://bucket/a.zarr/n"), FileKind::file);
  EXPECT_EQ(env.file_size("s3://bucket/a.zarr/x y+z"), 1);
  EXPECT_EQ(server_.requests(), before);
  EXPECT_EQ(read_text(env, "s3://bucket/a.zarr/x y+z"), "s");
  EXPECT_EQ(env.list("s3://bucket/a.zarr/labels"), std::vector<std::string>{});  // nothing but the folder's own mark
  EXPECT_EQ(env.list("s3://bucket/"), (std::vector<std::string>{"a.zarr", "a.zarr.txt"}));
}

TEST_F(RemoteEnvS3, KnowsFoldersFilesAndNothing) {
  RemoteEnv env(options_, clock_);
  EXPECT_EQ(env.kind("s3://bucket/a.zarr"), FileKind::directory);
  EXPECT_EQ(env.kind("s3://bucket/a.zarr/"), FileKind::directory);
  EXPECT_EQ(env.kind("s3://bucket"), FileKind::directory);
  EXPECT_EQ(env.kind("s3://bucket/a.zarr.txt"), FileKind::file);
  EXPECT_EQ(env.kind("s3://bucket/a.za"), FileKind::missing);
  int64_t before = server_.requests();
  EXPECT_EQ(env.kind("s3://bucket/a.za"), FileKind::missing);
  EXPECT_EQ(env.open_if_there("s3://bucket/a.za"), nullptr);
  EXPECT_EQ(server_.requests(), before);
  EXPECT_TRUE(says(trouble(env, "s3://bucket/none"), "HTTP 404 (NoSuchKey: words of NoSuchKey)"));
  EXPECT_TRUE(says(trouble(env, "s3://bucket/a.zarr"), "HTTP 404") || says(trouble(env, "s3://bucket/a.zarr"), "is a folder"));
}

TEST_F(RemoteEnvS3, SignsWithKeysAndOnlyWithKeys) {
  {
    RemoteEnv env(options_, clock_);
    EXPECT_EQ(read_text(env, "s3://bucket/a.zarr/n"), "n");
  }
  EXPECT_FALSE(bucket_.seen.back().headers.contains("authorization"));
  options_.credentials = {"KEY", "hush", "token"}, options_.region = "eu-north-1";
  RemoteEnv env(options_, clock_);
  EXPECT_EQ(read_text(env, "s3://bucket/a.zarr/n"), "n");
  const auto& headers = bucket_.seen.back().headers;
  EXPECT_TRUE(headers.at("authorization").starts_with("AWS4-HMAC-SHA256 Credential=KEY/19700112/eu-north-1/s3/aws4_request, SignedHeaders=host;x-amz-content-sha256;x-amz-date;x-amz-security-token"));
  EXPECT_EQ(headers.at("x-amz-security-token"), "token");
}

TEST_F(RemoteEnvS3, WrongKeysAreAnErrorAndDeniedAccessHidesWhatIsThere) {
  bucket_.anonymous_refused = true;
  RemoteEnv refused(options_, clock_);
  EXPECT_TRUE(says(trouble(refused, "s3://bucket/a.zarr/n"), "HTTP 403 (SignatureDoesNotMatch"));
  EXPECT_THROW(refused.kind("s3://bucket/a.zarr/n"), Error);  // wrong keys are not taken for nothing there
  bucket_.anonymous_refused = false, bucket_.listing_refused = true;
  RemoteEnv env(options_, clock_);
  EXPECT_EQ(read_text(env, "s3://bucket/a.zarr/n"), "n");
  EXPECT_EQ(env.kind("s3://bucket/a.zarr/.zarray"), FileKind::other);
  EXPECT_TRUE(says(trouble(env, "s3://bucket/a.zarr/.zarray"), "HTTP 403 (AccessDenied"));
  EXPECT_THROW(env.open_if_there("s3://bucket/a.zarr/s0/c/9"), Error);
  EXPECT_THROW(env.list("s3://bucket/a.zarr"), Error);
}

TEST_F(RemoteEnvS3, SaysWhichRegionABucketLiesIn) {
  HttpServer elsewhere([](const ServedRequest&) { return ServedAnswer{301, "", {"x-amz-bucket-region: ap-east-1", "Location: http://127.0.0.1:1/"}}; });
  options_.endpoint = elsewhere.url();
  RemoteEnv env(options_, clock_);
  EXPECT_TRUE(says(trouble(env, "s3://bucket/x"), "set AWS_REGION=ap-east-1"));
}

}  // namespace
}  // namespace tomograd
