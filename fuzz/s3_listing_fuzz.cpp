// A page of an S3 listing, or its refusal.
#include "base/s3_listing.h"
#include "fuzz/fuzz_target.h"

using namespace tomograd;

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string xml = bytes_of(data, size);
  expect(s3_refusal(xml).size() <= 400, "a refusal is longer than a sentence");
  read_hostile(0, [&] {
    S3Listing listing = parse_s3_listing(xml);
    size_t names = 0;
    for (const auto& object : listing.objects) names += object.key.size() + object.etag.size(), expect(object.bytes >= 0, "a negative size");
    for (const auto& prefix : listing.prefixes) names += prefix.size();
    expect(names <= size, "names are longer than what they were read from");
  });
  return 0;
}
