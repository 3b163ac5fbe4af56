// OpenVINO behind backend.h, on the CPU: one stream, the threads it is given, tiles where they lie in memory.
#include <openvino/openvino.hpp>

#include "backend/backend.h"
#include "base/error.h"

namespace tomograd {
namespace {

// OpenVINO's messages begin with places in its sources and end with the reason.
std::string reason(const std::exception& error) {
  std::string all = error.what(), last;
  for (size_t at = 0; at < all.size();) {
    size_t end = std::min(all.find('\n', at), all.size());
    if (end > at) last = all.substr(at, end - at);
    at = end + 1;
  }
  return last;
}

template <class Body>
auto or_reason(const std::string& what, ErrorKind kind, Body&& body) -> decltype(body()) {
  try {
    return body();
  } catch (const ov::Exception& error) {
    fail(kind, what + ": OpenVINO says: " + reason(error));
  }
}

std::string shape_text(const ov::PartialShape& shape) {  // "[1,2,?,?,?]"
  std::ostringstream out;
  out << shape;
  return out.str();
}

Extent in_order(Extent size, AxisOrder axes) { return axes == AxisOrder::zyx ? size : Extent{size.x, size.y, size.z}; }

Extent fixed_part(const ov::PartialShape& shape) {
  Extent size;
  for (int axis = 0; axis < 3; ++axis) size[axis] = shape[size_t(axis) + 2].is_static() ? shape[size_t(axis) + 2].get_length() : 0;
  return size;
}

void check_image(const ov::Output<const ov::Node>& value, const std::string& what) {
  const ov::PartialShape& shape = value.get_partial_shape();
  if (shape.rank().is_dynamic() || shape.size() != 5) fail_input(text(what, " has the shape ", shape_text(shape), "; expected [batch][channel][z][y][x]"));
  if (!value.get_element_type().is_real()) fail_input(text(what, " is made of ", value.get_element_type().get_type_name(), " numbers; expected floating point"));
  if (shape[0].is_static() && shape[0].get_length() != 1) fail_input(text(what, " has a fixed batch of ", shape[0].get_length(), " images; expected 1"));
}

class OpenVinoTiles : public BackendTiles {
 public:
  OpenVinoTiles(ov::CompiledModel compiled, std::string what) : compiled_(std::move(compiled)), what_(std::move(what)), request_(compiled_.create_infer_request()) {
    ov::Shape shape = compiled_.output().get_shape();
    classes_ = int64_t(shape[1]), output_ = {int64_t(shape[2]), int64_t(shape[3]), int64_t(shape[4])};
  }
  int64_t classes() const override { return classes_; }
  Extent output() const override { return output_; }
  void run(const float* tile, float* into) override {
    or_reason(what_, ErrorKind::failure, [&] {
      request_.set_input_tensor(ov::Tensor(ov::element::f32, compiled_.input().get_shape(), const_cast<float*>(tile)));  // only read
      request_.set_output_tensor(ov::Tensor(ov::element::f32, compiled_.output().get_shape(), into));
      request_.infer();
    });
  }

 private:
  ov::CompiledModel compiled_;
  std::string what_;
  ov::InferRequest request_;
  int64_t classes_ = 0;
  Extent output_;
};

class OpenVinoNetwork : public BackendNetwork {
 public:
  OpenVinoNetwork(ov::Core& core, std::shared_ptr<ov::Model> model, std::string what, AxisOrder axes) : core_(core), model_(std::move(model)), what_(std::move(what)), axes_(axes) {
    if (model_->inputs().size() != 1) fail_input(text(what_, " has ", model_->inputs().size(), " inputs; expected one image with all channels"));
    if (model_->outputs().size() != 1) fail_input(text(what_, " has ", model_->outputs().size(), " outputs; expected one"));
    const std::shared_ptr<const ov::Model> read_only = model_;
    check_image(read_only->input(), "the input of " + what_);
    check_image(read_only->output(), "the output of " + what_);
    const ov::Dimension& channels = model_->input().get_partial_shape()[1];
    if (channels.is_dynamic()) fail_input(text("the input of ", what_, " has the shape ", shape_text(model_->input().get_partial_shape()), "; expected a fixed number of channels"));
    channels_ = channels.get_length();
    std::string last = model_->get_results()[0]->input_value(0).get_node()->get_type_name();
    returns_ = last == "Softmax" ? NetworkReturns::softmax : last == "Sigmoid" ? NetworkReturns::sigmoid : NetworkReturns::logits;
  }
  int64_t channels() const override { return channels_; }
  Extent fixed_size() const override { return in_order(fixed_part(model_->input().get_partial_shape()), axes_); }
  NetworkReturns returns() const override { return returns_; }
  Extent output_size(Extent tile) override {
    std::string tiles = tiles_of(tile);
    return or_reason(tiles, ErrorKind::input, [&] { return in_order(fixed_part(reshaped(tile, tiles)->output().get_partial_shape()), axes_); });
  }

  std::unique_ptr<BackendTiles> compile(Extent tile, const BackendCompute& compute) override {
    std::string tiles = tiles_of(tile);
    return or_reason(tiles, ErrorKind::input, [&] {
      ov::preprocess::PrePostProcessor floats(reshaped(tile, tiles));  // whatever the network's own, of 16 or 64 bits
      if (axes_ == AxisOrder::xyz) {
        floats.input().tensor().set_layout("NCDHW"), floats.input().model().set_layout("NCWHD");
        floats.output().tensor().set_layout("NCDHW"), floats.output().model().set_layout("NCWHD");
      }
      floats.input().tensor().set_element_type(ov::element::f32);
      floats.output().tensor().set_element_type(ov::element::f32);
      ov::element::Type asked = compute.bf16 ? ov::element::bf16 : ov::element::f32;
      // Threads are not tied to processors, which other libraries of the process use too.
      ov::CompiledModel compiled = core_.compile_model(floats.build(), "CPU", ov::hint::inference_precision(asked), ov::hint::execution_mode(ov::hint::ExecutionMode::ACCURACY), ov::num_streams(1),
                                                       ov::inference_num_threads(compute.threads), ov::hint::enable_cpu_pinning(false));
      ov::element::Type given = compiled.get_property(ov::hint::inference_precision);
      if (given != asked) fail_input(text("OpenVINO computes in ", given.get_type_name(), " on this processor; precision ", asked.get_type_name(), " was asked"), "use --precision f32");
      return std::make_unique<OpenVinoTiles>(std::move(compiled), tiles);
    });
  }

 private:
  std::string tiles_of(Extent tile) const { return text(what_, " with tiles of ", to_string(tile)); }
  std::shared_ptr<ov::Model> reshaped(Extent tile, const std::string& tiles) const {
    std::shared_ptr<ov::Model> model = model_->clone();
    Extent size = in_order(tile, axes_);
    model->reshape(ov::PartialShape{1, channels_, size.z, size.y, size.x});
    if (model->output().get_partial_shape().is_dynamic()) fail_input(text(tiles, " returns ", shape_text(model->output().get_partial_shape()), "; expected a fixed number of classes and voxels"));
    return model;
  }

  ov::Core& core_;
  std::shared_ptr<ov::Model> model_;
  std::string what_;
  AxisOrder axes_;
  int64_t channels_ = 0;
  NetworkReturns returns_ = NetworkReturns::logits;
};

class OpenVino : public Backend {
 public:
  std::string version() override {
    std::string build = ov::get_openvino_version().buildNumber;
    return build.substr(0, build.find('-'));
  }
  std::unique_ptr<BackendNetwork> read_file(const std::string& path, AxisOrder axes) override {
    std::string what = "'" + path + "'";
    return std::make_unique<OpenVinoNetwork>(core_, or_reason(what, ErrorKind::input, [&] { return core_.read_model(path); }), what, axes);
  }
  std::unique_ptr<BackendNetwork> read_onnx(const std::string& bytes, const std::string& what) override {
    return std::make_unique<OpenVinoNetwork>(core_, or_reason(what, ErrorKind::input, [&] { return core_.read_model(bytes, ov::Tensor()); }), what, AxisOrder::zyx);
  }

 private:
  ov::Core core_;
};

}  // namespace

extern "C" Backend* tomograd_make_openvino() {
  return or_reason("starting", ErrorKind::failure, [] { return new OpenVino; });
}

}  // namespace tomograd
