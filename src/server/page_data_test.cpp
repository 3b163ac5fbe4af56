// Datasets, volumes and networks through a running server.
#include "pictures/png.h"
#include "server/page_test_host.h"
#include "volume/block_store.h"
#include "volume/slab_source.h"
#include "volume/tiff.h"

namespace tomograd {
namespace {

std::string volume_id(PageHost& page, const std::string& file) {
  const Value all = page.get("/api/volumes").json();
  for (const Value& volume : all.at("volumes").as_list())
    if (volume.at("file") == Value(file)) return volume.at("id").as_text();
  ADD_FAILURE() << "no volume " << file;
  return "";
}

std::vector<int> raw16(const Answered& answer) {
  std::vector<int> values;
  for (size_t i = 0; i + 1 < answer.body.size(); i += 2) values.push_back(int(uint8_t(answer.body[i])) + 256 * int(uint8_t(answer.body[i + 1])));
  return values;
}

// Of voxels 100 z + 10 y + x, every factor-th.
std::vector<int> expected_plane(Extent size, char axis, int64_t index, Extent factor = cube(1)) {
  std::vector<int> values;
  for (int64_t z = 0; z < size.z; z += factor.z)
    for (int64_t y = 0; y < size.y; y += factor.y)
      for (int64_t x = 0; x < size.x; x += factor.x)
        if ((axis == 'z' ? z / factor.z : axis == 'y' ? y / factor.y : x / factor.x) == index) values.push_back(int(100 * z + 10 * y + x));
  return values;
}

TEST(PageData, PlanesAreTheVoxelsOfEveryFormat) {
  PageHost page;
  const Extent size{5, 7, 9};
  page.make_volume("v.nii.gz", size), page.make_volume("plain.nii", size);
  Volume volume = read_nifti(system_env(), page.study("v.nii.gz"));
  write_tiff(system_env(), page.study("v.tif"), volume);
  auto slabs = open_slabs(system_env(), page.study("plain.nii"));
  ThreadPool pool(1);
  BlockStoreOptions blocks;
  blocks.block = {2, 4, 4};
  write_block_store(system_env(), *slabs, {}, page.study("v.zarr"), blocks, pool);
  page.start();
  for (const char* file : {"v.nii.gz", "plain.nii", "v.tif", "v.zarr"}) {
    SCOPED_TRACE(file);
    const std::string place = "/api/volumes/" + volume_id(page, file);
    Value facts = page.get(place).json();
    EXPECT_EQ(facts.at("size_zyx"), Value(Value::List{5, 7, 9}));
    for (char axis : {'z', 'y', 'x'}) {
      const int64_t last = (axis == 'z' ? size.z : axis == 'y' ? size.y : size.x) - 1;
      for (int64_t index : {int64_t{0}, last}) {
        Answered tile = page.get(text(place, "/plane?axis=", axis, "&index=", index, "&low=0&high=65535&as=raw16"));
        ASSERT_EQ(tile.status, 200) << tile.body;
        EXPECT_EQ(raw16(tile), expected_plane(size, axis, index)) << axis << index;
        EXPECT_EQ(tile.headers["x-width"], axis == 'x' ? "7" : "9");
        EXPECT_EQ(tile.headers["x-height"], axis == 'z' ? "7" : "5");
        EXPECT_EQ(tile.headers["cache-control"], "no-store");
      }
      EXPECT_EQ(page.get(text(place, "/plane?axis=", axis, "&index=", last + 1)).status, 400);
    }
    for (const char* wrong : {"axis=q", "level=9", "channel=1", "tile_x=1", "low=3&high=3", "low=1", "as=jpg", "index=-1", "index=x", "low=nan&high=1"}) EXPECT_EQ(page.get(place + "/plane?" + wrong).status, 400) << wrong;
    Image picture = decode_png(page.get(place + "/plane?index=1&low=100&high=355").body, "tile");
    EXPECT_EQ(picture.at(3, 2).r, 23);           // voxel 100 + 20 + 3
    EXPECT_EQ(picture.at(3, 2), (Color{23, 23, 23}));
  }
  EXPECT_EQ(page.get("/api/volumes/0000000000000000").status, 404);
}

TEST(PageData, LargePlanesComeInTilesAndLevels) {
  PageHost page;
  const Extent size{3, 300, 520};
  page.make_volume("wide.nii.gz", size);
  page.start();
  const std::string place = "/api/volumes/" + volume_id(page, "wide.nii.gz");
  const auto levels = page.get(place).json().at("levels").as_list();
  ASSERT_EQ(levels.size(), 3u);                  // 520 -> 260 -> 130; 300 -> 150 -> 75
  EXPECT_EQ(levels[1].at("factor_zyx"), Value(Value::List{1, 2, 2}));
  EXPECT_EQ(levels[1].at("stored"), Value(false));
  Answered corner = page.get(place + "/plane?index=2&tile_y=1&tile_x=2&low=0&high=65535&as=raw16");
  EXPECT_EQ(corner.headers["x-width"], "8");
  EXPECT_EQ(corner.headers["x-height"], "44");
  EXPECT_EQ(raw16(corner)[0], 200 + 2560 + 512);
  EXPECT_EQ(raw16(page.get(place + "/plane?axis=y&index=3&level=2&low=0&high=65535&as=raw16")), expected_plane(size, 'y', 3, {1, 4, 4}));
}

TEST(PageData, SmallCopiesKeepTheirPlaceInSpaceAndNoNames) {
  PageHost page;
  const Extent size{4, 30, 33};
  page.make_volume("v.nii.gz", size);
  page.start();
  Answered copy = page.get("/api/volumes/" + volume_id(page, "v.nii.gz") + "/nifti?most=10");
  ASSERT_EQ(copy.status, 200);
  EXPECT_EQ(copy.headers["x-factor-zyx"], "1,3,4");
  page.write("copy.nii.gz", copy.body);
  Volume small = read_nifti(system_env(), page.path("copy.nii.gz"));
  EXPECT_EQ(small.geometry.size, (Extent{4, 10, 9}));
  EXPECT_EQ(small.voxels[small.index(3, 2, 1)], 300 + 60 + 4);
  const auto there = small.geometry.world(3, 2, 1), wanted = read_nifti(system_env(), page.study("v.nii.gz")).geometry.world(3, 6, 4);
  for (size_t i = 0; i < 3; ++i) EXPECT_NEAR(there[i], wanted[i], 1e-4);
  Value range = page.get("/api/volumes/" + volume_id(page, "v.nii.gz") + "/range").json();
  EXPECT_EQ(range.at("minimum"), Value(0.0));
  EXPECT_EQ(range.at("maximum"), Value(300.0 + 290 + 32));
  EXPECT_EQ(range.at("integers"), Value(true));
}

TEST(PageData, DatasetsAreAMatrix) {
  PageHost page;
  page.make_volume("scans/P1_T1.nii.gz", {3, 4, 5}), page.make_volume("scans/P2_T1.nii.gz", {3, 4, 6});
  page.write("study/scans/P3_T1.nii.gz", "no gzip at all");
  page.make_dataset("data/dataset.json", {page.study("scans/P1_T1.nii.gz"), page.study("scans/P2_T1.nii.gz"), page.study("scans/P3_T1.nii.gz"), page.study("scans/P4_T1.nii.gz")});
  page.write("study/data/other.json", "{\"format\": \"something.else/1\"}");
  page.write("study/data/broken.json", "{\"format\": \"tomograd.dataset/1\", \"modalities\": 3}");
  page.start();
  const auto list = page.get("/api/datasets").json().at("datasets").as_list();
  ASSERT_EQ(list.size(), 2u);
  const Value& good = list[0].at("error").is_nothing() ? list[0] : list[1];
  EXPECT_EQ(good.at("name"), Value("data"));
  EXPECT_EQ(good.at("cases"), Value(4));
  const std::string place = "/api/datasets/" + good.at("id").as_text();
  auto states = [&](const std::string& query) {
    std::string all;
    for (const Value& item : page.items(place + query, "cases")) all += item.at("images").as_list()[0].at("state").as_text() + " ";
    return all;
  };
  EXPECT_EQ(states(""), "present present present unreadable ");
  EXPECT_EQ(states("?grids=1"), "present differs unreadable unreadable ");
  const Value first = page.get(place).json().at("cases").as_list()[0];
  EXPECT_EQ(first.at("images").as_list()[1].at("state"), Value("missing"));
  EXPECT_EQ(page.get("/api/volumes/" + first.at("images").as_list()[0].at("volume").as_text()).status, 200);
  EXPECT_EQ(page.get(place + "/labels?case=0").json().at("voxels"), Value::table());
  EXPECT_EQ(page.get(place + "/labels?case=4").status, 404);
}

TEST(PageData, NetworksAreDescribedWhileTheyAreTyped) {
  PageHost page;
  page.start();
  Value unet = page.post("/api/models/describe", R"({"spec": {"kind": "unet", "family": "nnunet"}, "patch": [64, 64, 64], "batch": 2, "svg": true})").json();
  EXPECT_GT(unet.at("parameters").as_integer(), 1'000'000);
  EXPECT_EQ(unet.at("assumed").as_list().size(), 2u);
  EXPECT_FALSE(unet.find("nodes"));
  const auto& boxes = unet.at("diagram").at("boxes").as_list();
  int64_t parameters = 0;
  double flop = 0;
  for (const Value& box : boxes) parameters += box.at("parameters").as_integer(), flop += box.at("flop").as_number();
  EXPECT_EQ(parameters, unet.at("parameters").as_integer());
  EXPECT_NEAR(flop / unet.at("forward_flop").as_number(), 1, 1e-9);
  for (const Value& arrow : unet.at("diagram").at("arrows").as_list()) EXPECT_LT(size_t(arrow.at("to").as_integer()), boxes.size());
  EXPECT_EQ(unet.at("diagram").at("svg").as_text().substr(0, 4), "<svg");
  EXPECT_EQ(unet.at("memory").as_list().size(), 3u);
  int64_t before = 0;
  for (const Value& device : unet.at("largest_patch").as_list()) {
    int64_t voxels = 1;
    for (const Value& side : device.at("patch").as_list()) voxels *= side.as_integer();
    EXPECT_GE(voxels, before);
    before = voxels;
  }
  for (const char* spec : {R"({"spec": {"kind": "deepmedic"}})", R"({"spec": {"kind": "msd", "depth": 30}})", R"({"spec": {"kind": "unet", "family": "unet3d"}})", R"({"spec": {"kind": "unet"}, "patch": [16, 64, 64]})"}) {
    Value network = page.post("/api/models/describe", spec).json();
    int64_t trained = 0;
    double work = 0;
    for (const Value& box : network.at("diagram").at("boxes").as_list()) trained += box.at("parameters").as_integer(), work += box.at("flop").as_number();
    EXPECT_EQ(trained, network.at("parameters").as_integer()) << spec;
    EXPECT_NEAR(work / network.at("forward_flop").as_number(), 1, 1e-9) << spec;
  }
  Value again = Value::table();
  again["toml"] = unet.at("toml"), again["patch"] = Value(Value::List{64, 64, 64});
  EXPECT_EQ(page.post("/api/models/describe", to_json(again, false)).json().at("parameters"), unet.at("parameters"));
  Answered wrong = page.post("/api/models/describe", R"({"spec": {"kind": "unet", "depht": 3}})");
  EXPECT_EQ(wrong.status, 422);
  EXPECT_NE(wrong.body.find("depth"), std::string::npos) << wrong.body;
  EXPECT_EQ(page.post("/api/models/describe", "{}").status, 422);
  EXPECT_EQ(page.post("/api/models/describe", R"({"spec": {"kind": "graph"}})").status, 422);
}

TEST(PageData, SchemasSayWhatTheSpecsSay) {
  PageHost page;
  page.start();
  for (const Value& name : page.items("/api/schema", "schemas")) EXPECT_EQ(page.get("/api/schema/" + name.as_text()).json().at("type"), Value("object"));
  Value run = page.get("/api/schema/run").json().at("properties");
  const Value& batch = run.at("sampling").at("properties").at("batch");
  EXPECT_EQ(batch.at("type"), Value("integer"));
  EXPECT_EQ(batch.at("maximum"), Value(4096));
  EXPECT_EQ(batch.at("default"), Value(2));
  EXPECT_EQ(run.at("sampling").at("properties").at("patch").at("x-kind"), Value("extent"));
  EXPECT_EQ(run.at("precision").at("enum").as_list().size(), 4u);
  EXPECT_EQ(run.at("model").at("properties").at("block").at("items").at("type"), Value("object"));
  EXPECT_EQ(page.get("/api/schema/nothing").status, 404);
}

}  // namespace
}  // namespace tomograd
