// Where the patches of a run would fall, as the page asks for it: the places are those that the run's own sampler draws.
#include <algorithm>

#include "dataset/label_index.h"
#include "dataset/prepared_case.h"
#include "sampling/sampler.h"
#include "server/page_test_host.h"
#include "spec/run_spec.h"

namespace tomograd {
namespace {

constexpr const char* preview_toml = R"(seed = 7
[sampling]
patch = [4, 6, 6]
foreground = 0.75
epoch_patches = 80
[validation]
test_patients = ["P3"]
)";

// Two classes; stored with x and y the other way round than the canonical orientation, 2 mm along z.
void make_labelled(const PageHost& page) {
  Dataset dataset;
  dataset.modalities = {"T1"}, dataset.labels = {{"core", {1}}, {"rim", {2}}};
  for (int i = 1; i <= 3; ++i) {
    const Geometry geometry{{14, 22, 24}, {{{-1, 0, 0, 50}, {0, -1, 0, 40}, {0, 0, 2, 7}}}};
    Volume image{geometry, Buffer<float>(geometry.size.voxels(), 1.0f)};
    LabelVolume label{geometry, Buffer<uint16_t>(geometry.size.voxels(), uint16_t{0})};
    for (int64_t z = 5; z < 9; ++z)
      for (int64_t y = 7; y < 12; ++y)
        for (int64_t x = 6; x < 16; ++x) label.voxels[(z * 22 + y) * 24 + x] = uint16_t(x < 8 + i ? 1 : 2);
    image.voxels[0] = 5;
    Case item;
    item.id = text("P", i, "-1"), item.patient = text("P", i), item.geometry = geometry, item.images["T1"] = page.study(text("P", i, "_T1.nii.gz")), item.label = page.study(text("P", i, "_seg.nii.gz"));
    write_nifti(system_env(), item.images["T1"], image), write_nifti_labels(system_env(), item.label, label);
    dataset.cases.push_back(item);
  }
  write_dataset(system_env(), dataset, page.study("dataset.json"));
}

TEST(PageSampling, PlacesAreThoseOfTheRun) {
  PageHost page;
  make_labelled(page);
  page.options.read_only = true;
  page.start();
  const std::string place = "/api/datasets/" + page.items("/api/datasets", "datasets")[0].at("id").as_text() + "/sampling";
  Value body = Value::table();
  body["toml"] = preview_toml, body["patches"] = 60;
  Answered answer = page.post(place, to_json(body, false));
  ASSERT_EQ(answer.status, 200) << answer.body;
  const Value preview = answer.json();
  EXPECT_EQ(preview.at("all_cases"), Value(true));
  EXPECT_EQ(preview.at("training_cases"), Value(2));
  EXPECT_EQ(preview.at("patches"), Value(80));

  const Dataset dataset = read_dataset(system_env(), page.study("dataset.json"));
  const RunSpec spec = spec_from<RunSpec>(parse_toml(preview_toml, "spec"));
  const ClassMap classes = make_class_map(dataset, spec.classes);
  std::vector<PreparedCase> cases;
  std::vector<LabelIndex> indices;
  for (size_t i = 0; i < 2; ++i) {
    cases.push_back(prepare_case(system_env(), dataset, dataset.cases[i], spec.preprocess, classes, true));
    indices.push_back(make_label_index(cases[i].geometry.size, cases[i].labels, cases[i].roi, classes.count()));
  }
  Sampler sampler(cases, indices, spec.sampling, uint64_t(spec.seed), system_env());
  const auto wanted = sampler.epoch(0);
  const auto& places = preview.at("places").as_list();
  ASSERT_EQ(places.size(), 60u);
  std::array<int, 3> drawn{};
  for (size_t i = 0; i < places.size(); ++i) {
    EXPECT_EQ(places[i].at("case"), Value(wanted[i].case_index));
    EXPECT_EQ(places[i].at("class"), Value(wanted[i].drawn_class));
    EXPECT_EQ(places[i].at("corner_zyx"), Value(Value::List{wanted[i].begin.z, wanted[i].begin.y, wanted[i].begin.x}));
    const auto& centre = places[i].at("centre_zyx").as_list();
    const int64_t z = centre[0].as_integer(), y = centre[1].as_integer(), x = centre[2].as_integer();
    ++drawn[size_t(wanted[i].drawn_class)];
    if (wanted[i].drawn_class == 0) continue;    // near the border a patch is moved inside, and its centre is another voxel
    const LabelVolume label = read_nifti_labels(system_env(), dataset.cases[size_t(wanted[i].case_index)].label);
    EXPECT_EQ(label.voxels[(z * 22 + y) * 24 + x], wanted[i].drawn_class) << i;
  }
  EXPECT_GT(*std::min_element(drawn.begin(), drawn.end()), 5);
  double expected = 0, realised = 0;
  for (const Value& share : preview.at("classes").as_list())
    if (share.at("class") != Value("background")) expected += share.at("expected_share").as_number(), realised += share.at("realised_share").as_number();
  EXPECT_DOUBLE_EQ(expected, 0.75);
  EXPECT_DOUBLE_EQ(realised, 0.75);

  body["cases"] = 1;
  EXPECT_EQ(page.post(place, to_json(body, false)).json().at("all_cases"), Value(false));
}

TEST(PageSampling, WhatTrainingWouldRefuseIsASentence) {
  PageHost page;
  make_labelled(page);
  page.start();
  const std::string place = "/api/datasets/" + page.items("/api/datasets", "datasets")[0].at("id").as_text() + "/sampling";
  auto message = [&](const std::string& toml) {
    Value body = Value::table();
    body["toml"] = toml;
    Answered answer = page.post(place, to_json(body, false));
    EXPECT_EQ(answer.status, 422) << answer.body;
    EXPECT_EQ(answer.body.find(page.path("")), std::string::npos);
    return answer.json().at("error").at("message").as_text();
  };
  EXPECT_NE(message("[sampling]\npatch = [0, 0, 0]").find("fitted"), std::string::npos);
  EXPECT_NE(message("[sampling]\nptach = [8, 8, 8]").find("ptach"), std::string::npos);
  EXPECT_NE(message("[validation]\ntest_patients = ['P1', 'P2', 'P3']").size(), 0u);
  EXPECT_NE(message("[sampling]\npatch = [4, 4, 4]\nlocations = '/etc/passwd'").find("passwd"), std::string::npos);
  EXPECT_EQ(page.post(place, R"({"patches": 0})").status, 400);
  EXPECT_EQ(page.post("/api/datasets/0000000000000000/sampling", "{}").status, 404);
}

}  // namespace
}  // namespace tomograd
