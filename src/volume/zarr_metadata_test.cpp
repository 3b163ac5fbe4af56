// Metadata that lie: each is refused by a sentence that quotes the value, before anything of its size is allocated.
#include "volume/zarr_metadata.h"

#include "base/memory.h"
#include "volume/zarr_ome.h"
#include "volume/zarr_test_files.h"

namespace tomograd {
namespace {

const std::string good3 = R"({"zarr_format":3,"node_type":"array","shape":[6,7,8],"data_type":"uint16",
  "chunk_grid":{"name":"regular","configuration":{"chunk_shape":[2,4,4]}},"chunk_key_encoding":{"name":"default"},
  "fill_value":0,"codecs":[{"name":"bytes","configuration":{"endian":"little"}},{"name":"zstd","configuration":{"level":1}}],"attributes":{}})";
const std::string good2 = R"({"zarr_format":2,"shape":[6,7,8],"chunks":[2,4,4],"dtype":"<u2","compressor":null,"fill_value":0,"order":"C","filters":null})";

struct Change { const char *from, *to, *part; };

void expect_refused3(const Change& change) {
  SCOPED_TRACE(change.to);
  expect_refused(error_of([&] { parse_zarr3_array(replaced(good3, change.from, change.to), "x/zarr.json"); }), change.part);
}

TEST(ZarrMetadata, TheGoodOnesAreGood) {
  ZarrArrayInfo info = parse_zarr3_array(good3, "x/zarr.json");
  EXPECT_EQ(info.chunk_grid(), (ZarrIndex{3, 2, 2}));
  EXPECT_EQ(zarr_chunk_key(info, {2, 0, 1}), "c/2/0/1");
  info = parse_zarr2_array(good2, "", "x/.zarray");
  EXPECT_EQ(zarr_chunk_key(info, {2, 0, 1}), "2.0.1");
  EXPECT_NO_THROW(parse_zarr3_array(replaced(good3, "\"attributes\"", R"("new":{"must_understand":false},"attributes")"), "x"));
}

TEST(ZarrMetadata, ShapesAndChunks) {
  for (const Change& change : std::vector<Change>{
           {"[6,7,8]", "[6,-7,8]", "shape[1] is -7"}, {"[6,7,8]", "[6,7,9223372036854775808]", "9223372036854775808"}, {"[6,7,8]", "[1e30,7,8]", "1e+30"},
           {"[6,7,8]", "[6.0,7,8]", "shape[0] is 6.0"}, {"[6,7,8]", "[6,\"NaN\",8]", "shape[1] is \"NaN\""}, {"[6,7,8]", "[6,NaN,8]", "not JSON"}, {"[6,7,8]", "[6,0,8]", "shape[1] is 0"},
           {"[6,7,8]", "6", "a list of whole numbers"}, {"[6,7,8]", "[6,7]", "has 3 numbers, shape has 2"}, {"[6,7,8]", "[]", "shape has 0 dimensions"},
           {"[6,7,8]", "[281474976710656,281474976710656,281474976710656]", "takes more than"}, {"[6,7,8]", "[4294967296,2147483648,2]", "takes more than"},
           {"[2,4,4]", "[2,0,4]", "chunk_shape[1] is 0"}, {"[2,4,4]", "[2,4,-1]", "chunk_shape[2] is -1"}, {"[2,4,4]", "[2,4]", "has 2 numbers"},
           {"[2,4,4]", "[4096,4096,4096]", "takes more than 2147483648 bytes"}, {"[2,4,4]", "[4294967296,4294967296,4]", "takes more than"}})
    expect_refused3(change);
  std::string many = "[1";
  for (int i = 1; i < 100; ++i) many += ",1";
  expect_refused(error_of([&] { parse_zarr3_array(replaced(replaced(good3, "[6,7,8]", many + "]"), "[2,4,4]", many + "]"), "x"); }), "has 100 dimensions");
}

TEST(ZarrMetadata, TypesCodecsAndKeys) {
  for (const Change& change : std::vector<Change>{
           {"uint16", "complex64", "complex64"}, {"\"uint16\"", "{\"name\":\"string\"}", "string"}, {"\"zarr_format\":3", "\"zarr_format\":4", "zarr_format is 4"},
           {"\"array\"", "\"group\"", "node_type"}, {"\"fill_value\":0", "\"fill_value\":\"NaN\"", "fill_value is \"NaN\""}, {"\"fill_value\":0", "\"fill_value\":70000", "fill_value is 70000"},
           {"\"fill_value\":0", "\"fill_value\":-1", "fill_value is -1"}, {"\"fill_value\":0", "\"fill_value\":true", "fill_value is true"}, {"\"fill_value\":0", "\"fill_value\":null", "fill_value is null"},
           {"\"fill_value\":0", "\"fill_value\":[0]", "fill_value is [0]"}, {"\"fill_value\":0,", "", "lacks \"fill_value\""}, {"\"name\":\"zstd\"", "\"name\":\"zfpy\"", "zfpy"},
           {"{\"level\":1}", "{\"level\":99}", "level is 99"}, {"{\"level\":1}", "7", "configuration is 7"}, {"{\"endian\":\"little\"}", "{\"endian\":\"middle\"}", "middle"},
           {"{\"endian\":\"little\"}", "{}", "lacks \"endian\""}, {"\"attributes\"", "\"extra\":{},\"attributes\"", "\"extra\" is unknown"},
           {"\"attributes\"", "\"storage_transformers\":[{\"name\":\"x\"}],\"attributes\"", "storage_transformers"}, {"\"regular\"", "\"rectangular\"", "rectangular"},
           {"{\"name\":\"default\"}", "{\"name\":\"default\",\"configuration\":{\"separator\":\"\\\\\"}}", "separator is"},
           {"{\"name\":\"default\"}", "{\"name\":\"default\",\"configuration\":{\"separator\":\"../\"}}", "separator is"}, {"{\"name\":\"default\"}", "{\"name\":\"suffix\"}", "suffix"},
           {"{\"name\":\"zstd\",\"configuration\":{\"level\":1}}", "{\"name\":\"bytes\",\"configuration\":{\"endian\":\"little\"}}", "behind \"bytes\""},
           {"{\"name\":\"bytes\",\"configuration\":{\"endian\":\"little\"}}", "{\"name\":\"transpose\",\"configuration\":{\"order\":[0,1,1]}},{\"name\":\"bytes\",\"configuration\":{\"endian\":\"little\"}}", "no permutation"},
           {"{\"name\":\"bytes\",\"configuration\":{\"endian\":\"little\"}},", "", "before \"bytes\""},
           {"{\"name\":\"zstd\",\"configuration\":{\"level\":1}}", "{\"name\":\"blosc\",\"configuration\":{\"cname\":\"lz4\",\"clevel\":1,\"shuffle\":\"shuffle\",\"typesize\":0,\"blocksize\":0}}", "typesize is 0"},
           {"\"attributes\":{}", "\"attributes\":3", "attributes is 3"}, {"\"attributes\"", "\"dimension_names\":[\"z\"],\"attributes\"", "dimension_names has 1"}})
    expect_refused3(change);
}

TEST(ZarrMetadata, Shards) {
  auto sharded = [&](const std::string& inner, const std::string& rest) {
    return replaced(replaced(good3, "[{\"name\":\"bytes\",\"configuration\":{\"endian\":\"little\"}},{\"name\":\"zstd\",\"configuration\":{\"level\":1}}]",
        "[{\"name\":\"sharding_indexed\",\"configuration\":{\"chunk_shape\":" + inner + "," + rest + "}}]"), "[2,4,4]", "[4,8,8]");
  };
  std::string codecs = R"("codecs":[{"name":"bytes","configuration":{"endian":"little"}}],"index_codecs":[{"name":"bytes","configuration":{"endian":"little"}},{"name":"crc32c"}])";
  EXPECT_EQ(parse_zarr3_array(sharded("[2,4,4]", codecs), "x").chunks_per_shard(), 8);
  expect_refused(error_of([&] { parse_zarr3_array(sharded("[3,4,4]", codecs), "x"); }), "no multiple of the inner chunk shape [3,4,4]");
  expect_refused(error_of([&] { parse_zarr3_array(sharded("[2,4]", codecs), "x"); }), "has 2 numbers");
  expect_refused(error_of([&] { parse_zarr3_array(sharded("[0,4,4]", codecs), "x"); }), "chunk_shape[0] is 0");
  expect_refused(error_of([&] { parse_zarr3_array(sharded("[2,4,4]", codecs + ",\"index_location\":\"middle\""), "x"); }), "middle");
  expect_refused(error_of([&] { parse_zarr3_array(sharded("[2,4,4]", replaced(codecs, "\"crc32c\"", "\"gzip\",\"configuration\":{\"level\":1}")), "x"); }), "index_codecs");
  std::string nested = replaced(codecs, R"([{"name":"bytes","configuration":{"endian":"little"}}])", R"([{"name":"sharding_indexed","configuration":{}}])");
  expect_refused(error_of([&] { parse_zarr3_array(sharded("[2,4,4]", nested), "x"); }), "shard inside a shard");
  std::string huge = replaced(sharded("[1,1,1]", codecs), "[4,8,8]", "[1024,1024,1024]");
  expect_refused(error_of([&] { parse_zarr3_array(huge, "x"); }), "a shard of chunks");
}

TEST(ZarrMetadata, Version2) {
  for (const Change& change : std::vector<Change>{
           {"\"<u2\"", "\"<c8\"", "<c8"}, {"\"<u2\"", "[[\"r\",\"|u1\"]]", "dtype is"}, {"\"<u2\"", "\"|u2\"", "|u2"}, {"\"<u2\"", "\"<u3\"", "<u3"}, {"\"compressor\":null", "\"compressor\":{\"id\":\"lzma\"}", "lzma"},
           {"\"compressor\":null", "\"compressor\":\"zstd\"", "an object is expected"}, {"\"filters\":null", "\"filters\":[{\"id\":\"delta\"}]", "filters is"}, {"\"C\"", "\"K\"", "order is \"K\""},
           {"\"filters\":null", "\"filters\":null,\"dimension_separator\":\"\\\\\"", "dimension_separator is"}, {"[2,4,4]", "[2,0,4]", "chunks[1] is 0"}, {"[2,4,4]", "[2,4]", "has 2 numbers"}}) {
    SCOPED_TRACE(change.to);
    expect_refused(error_of([&] { parse_zarr2_array(replaced(good2, change.from, change.to), "", "x/.zarray"); }), change.part);
  }
  EXPECT_NO_THROW(parse_zarr2_array(replaced(good2, "\"fill_value\":0", "\"fill_value\":null"), "", "x"));
}

TEST(ZarrMetadata, HostileJson) {
  int64_t before = process_peak_bytes();
  expect_refused(error_of([&] { parse_zarr3_array(std::string(2 << 20, ' '), "x"); }), "2097152 bytes");
  expect_refused(error_of([&] { parse_zarr3_array(std::string(500000, '['), "x"); }), "deeper than 32");
  std::string objects;
  for (int i = 0; i < 100000; ++i) objects += "{\"a\":";
  expect_refused(error_of([&] { parse_zarr3_array(objects, "x"); }), "deeper than 32");
  expect_refused(error_of([&] { parse_zarr3_array(replaced(good3, "\"attributes\"", "\"shape\":[1,1,1],\"attributes\""), "x"); }), "\"shape\" twice");
  expect_refused(error_of([&] { parse_zarr3_array(good3.substr(0, 100), "x"); }), "not JSON");
  expect_refused(error_of([&] { parse_zarr3_array("[]", "x"); }), "an object is expected");
  expect_refused(error_of([&] { parse_zarr3_array("", "x"); }), "not JSON");
  std::string escape = error_of([&] { parse_zarr3_array(replaced(good3, "uint16", "\\u001b[31m"), "x"); });
  EXPECT_EQ(escape.find('\x1b'), std::string::npos);
  EXPECT_LT(process_peak_bytes() - before, int64_t{64} << 20);
}

TEST(ZarrMetadata, NodesThatAreTwoThings) {
  TemporaryFolder folder;
  put_file(folder / "zarr.json", good3), put_file(folder / ".zarray", good2);
  expect_refused(error_of([&] { read_zarr_array_info(system_env(), folder.path()); }), "two descriptions of one folder");
  std::filesystem::remove(folder / ".zarray");
  EXPECT_EQ(zarr_node(system_env(), folder.path()), ZarrNode::array);
  expect_refused(error_of([&] { read_zarr_image(system_env(), folder.path()); }), "no Zarr group");
  std::filesystem::remove(folder / "zarr.json");
  expect_refused(error_of([&] { read_zarr_array_info(system_env(), folder.path()); }), "no Zarr array");
}

const std::string good_group = R"({"zarr_format":3,"node_type":"group","attributes":{"ome":{"version":"0.5","multiscales":[{"name":"x",
  "axes":[{"name":"z","type":"space","unit":"micrometer"},{"name":"y","type":"space"},{"name":"x","type":"space"}],
  "datasets":[{"path":"s0","coordinateTransformations":[{"type":"scale","scale":[2000,1,1]}]}]}]}}})";

TEST(ZarrOme, HostileGroups) {
  TemporaryFolder folder;
  auto read = [&](const std::string& json) {
    put_file(folder / "zarr.json", json);
    return read_zarr_image(system_env(), folder.path());
  };
  EXPECT_NEAR(read(good_group).geometry(0, {1, 1, 1}).spacing()[0], 2, 1e-12);
  for (std::string path : {"../s0", "/etc", "a/../../b", "", ".", "a//b", "a\\\\b", "s0/", "a\\u0000"}) expect_refused(error_of([&] { read(replaced(good_group, "\"s0\"", "\"" + path + "\"")); }), "below the group's folder");
  for (const Change& change : std::vector<Change>{
           {"\"0.5\"", "\"0.6\"", "0.6"}, {"[2000,1,1]", "[2000,1]", "3 numbers are expected"}, {"[2000,1,1]", "[0,1,1]", "positive"}, {"[2000,1,1]", "[1e999,1,1]", ""},
           {"\"scale\",\"scale\"", "\"affine\",\"affine\"", "affine"}, {"\"name\":\"z\"", "\"name\":\"q\"", "where z (space) is expected"}, {"\"multiscales\"", "\"other\"", "lacks \"multiscales\""}})
    expect_refused(error_of([&] { read(replaced(good_group, change.from, change.to)); }), change.part);
}

TEST(ZarrOme, GroupsOfOmeZarrPython) {
  TemporaryFolder folder;
  unpack_zarr_stores(folder.path());
  for (std::string name : {"ome04", "ome05"}) {
    SCOPED_TRACE(name);
    ZarrImage image = read_zarr_image(system_env(), folder / name);
    ASSERT_EQ(image.levels.size(), 2u);
    EXPECT_EQ(image.axes.size(), 4u);
    EXPECT_FALSE(image.orientation_known);
    Geometry coarse = image.geometry(1, {5, 7, 10});
    std::array<double, 3> spacing = coarse.spacing(), wanted{4e-3, 1e-3, 5e-4};
    for (size_t a = 0; a < 3; ++a) EXPECT_NEAR(spacing[a], wanted[a], 1e-12);
    EXPECT_NEAR(coarse.affine[0][3], 0.125e-3, 1e-12);  // x
    EXPECT_NEAR(coarse.affine[1][3], 10.25e-3, 1e-12);
    EXPECT_NEAR(coarse.affine[2][3], 1e-3, 1e-12);
    EXPECT_EQ(zarr_label_names(system_env(), folder / name), std::vector<std::string>{"cells"});
    EXPECT_TRUE(read_zarr_image(system_env(), folder / (name + "/labels/cells")).labels);
  }
}

}  // namespace
}  // namespace tomograd
