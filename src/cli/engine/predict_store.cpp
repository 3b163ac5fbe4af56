// Tiled prediction of a block store: the plan is made or read, then tiles are done or joined (inference/store_worker.h).
#include <torch/torch.h>

#include <algorithm>

#include "base/digest.h"
#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/parallel.h"
#include "base/remote_env.h"
#include "cli/engine/compute.h"
#include "cli/engine/foreign_network.h"
#include "cli/engine/verbs.h"
#include "inference/backend_forward.h"
#include "inference/msd_tile.h"
#include "inference/store_exact.h"
#include "kernels/cpu_isa.h"
#include "kernels/msd_cuda.h"
#include "training/model_file.h"
#include "volume/label_levels.h"

namespace tomograd {
namespace {

constexpr int64_t usual_tile = 256, usual_halo = 32;

std::vector<int64_t> byte_values(const ClassMap& classes) {
  std::vector<int64_t> values(size_t(classes.count()), 0);
  for (size_t value = classes.class_of.size(); value-- > 1;)
    if (classes.class_of[value] > 0) values[size_t(classes.class_of[value])] = int64_t(value);
  for (int64_t value : values)
    if (value > 255) fail_input(text("a class of the model has the label value ", value, "; stores of labels hold 0 to 255"));
  return values;
}

// Networks that only run through our kernels give the same bits for any number of threads.
bool own_kernels_only(const Graph& graph) {
  bool stack = false;
  for (const Node& node : graph.nodes) {
    if (node.op == Op::msd) stack = true;
    else if (node.op != Op::input && !(node.op == Op::conv && node.kernel == cube(1))) return false;
  }
  return stack;
}

Extent extent_in(const Value& settings, const char* key, Extent otherwise) {
  const Value* list = settings.find(key);
  if (!list) return otherwise;
  const auto& items = list->as_list();
  if (items.size() != 3) fail_input(text(key, " has ", items.size(), " numbers, expected Z,Y,X"));
  return {items[0].as_integer(), items[1].as_integer(), items[2].as_integer()};
}

class StoreJob {
 public:
  StoreJob(const std::string& model, const std::string& store, const std::string& out, const Value& settings, const BackendChoice& backend, const ComputeOptions& compute, const Talk& talk)
      : env_(system_env()), file_(model), source_(open_store_source(env_, store)), out_(out), settings_(settings), backend_(backend), compute_(compute), talk_(talk),
        threads_(compute.threads > 0 ? compute.threads : available_threads()) {
    if (!native()) refuse_with_backend();
    if (is_foreign_network(model)) {
      if (env_.kind(model) != FileKind::file) fail_input(text("there is no network '", model, "'"));
      spec_.preprocess.normalize = backend.normalize, spec_.precision = "f32";
      model_digest_ = foreign_digest(env_, model);
    } else {
      model_ = std::make_unique<LoadedModel>(load_model(env_, model));
      spec_ = model_->spec, classes_ = model_->classes;
      check_channels(int64_t(model_->channels.size()));
      if (spec_.preprocess.crop != "none" || !spec_.preprocess.spacing.empty()) fail_input("the model crops or resamples its cases ([preprocess] crop, spacing), which a store is not", "predict from NIfTI files");
      model_digest_ = digest_of_file(env_, model_path(env_, model));
    }
    held_ = round_up(process_resident_bytes(), int64_t{16} << 20) + (is_remote(store) ? remote_env_bytes : 0);
    bool there = env_.kind(plan_path(out)) == FileKind::file;
    if (!there && settings.at("action").as_text() == "merge") fail_input("'" + out + "' holds no plan.json: nothing was predicted there");
    plan_ = std::make_unique<StorePlan>(there ? read_plan() : make_plan());
    use_plan();
    if (settings.at("action").as_text() == "merge") return;
    if (!model_ && !foreign_.tiles && settings.at("action").as_text() == "work") open_network(plan_->window->size);
    if (native()) check_merge();
    if (plan_->exact()) check_exact();
    else if (native()) check_memory(plan_->tiles);
    if (plan_->device == "cuda" && settings.at("action").as_text() == "work") use_cuda();
    if (!there) publish_plan(env_, out, *plan_);
  }

  Value run() {
    const std::string& action = settings_.at("action").as_text();
    Value result = Value::table();
    const StoreTiles& tiles = plan_->tiles;
    result["tiles"] = tiles.count();
    auto list = [](Extent e) { return Value(Value::List{e.z, e.y, e.x}); };
    result["tile_zyx"] = list(tiles.tile()), result["halo_zyx"] = list(tiles.halo());
    if (action != "merge") result["predicted_peak_bytes"] = native() ? Value(held_ + std::max(tile_bytes(), merge_bytes())) : Value();
    result["device"] = plan_->device, result["precision"] = plan_->precision, result["exact"] = plan_->exact(), result["exact_groups"] = int64_t(plan_->exact_ends.size());
    if (action == "plan") {
      if (plan_->exact()) {
        tell_exact(result);
        ThreadPool pool(1);
        ExactMsd(env_, scratch_folder(out_), exact_, msd_->network, msd_->head, pool).prepare();
      }
      info(text(tiles.count(), " tiles of ", to_string(tiles.tile()), ", halo ", to_string(tiles.halo()), native() ? "; a worker takes at most " + bytes_text(held_ + tile_bytes()) : std::string()));
    } else if (action == "work") {
      ThreadPool pool(threads_);
      auto progress = [&](int64_t done, int64_t of) {
        if (talk_.progress) talk_.progress(double(done) / double(of), 0, text(done, "/", of, plan_->exact() ? " tiles of groups" : " tiles"));
      };
      StoreWork work;
      if (plan_->exact()) {
        int64_t group = settings_.at("group").as_integer();
        if (group >= exact_.groups()) fail_input(text("group ", group + 1, " of ", exact_.groups(), " was asked for"));
        tell_exact(result);
        work = run_exact_store(env_, *msd_, exact_, *plan_, source_, out_, group, {settings_.at("worker").as_integer(), settings_.at("workers").as_integer()}, pool, talk_.stop, progress);
      } else if (!model_) {
        work = run_window_worker(env_, region_forward(foreign_.tiles, source_.array->leading(), foreign_.returns), *plan_, source_, out_, settings_.at("worker").as_integer(), settings_.at("workers").as_integer(), pool, talk_.stop, progress);
      } else {
        work = run_store_worker(env_, model_->network, *plan_, source_, out_, settings_.at("worker").as_integer(), settings_.at("workers").as_integer(), pool, forward(pool), talk_.stop, progress);
      }
      result["done"] = work.done, result["skipped"] = work.skipped, result["work_seconds"] = work.seconds;
    } else {
      if (spec_.postprocess.mode != "none" || spec_.postprocess.min_voxels > 0 || spec_.postprocess.fill_holes) warn("the model's [postprocess] looks at whole volumes and is not applied to tiles");
      ThreadPool pool(threads_);
      if (!model_) classes_ = foreign_classes(int64_t(plan_->values.size()));
      result["digest"] = merge_store(env_, *plan_, source_, out_, classes_.names, pool, merge_slab_bytes(), talk_.stop, [&](double share) {
        if (talk_.progress) talk_.progress(share, 0, "coarser levels");
      });
      result["levels"] = int64_t(label_image("labels", source_.geometry, source_.orientation_known).levels.size());
      if (plan_->exact()) env_.remove_tree(scratch_folder(out_));
      result["out"] = out_;
    }
    return result;
  }

 private:
  // "cuda:2" -> 2, "cuda" -> 0, "cpu" and "auto" -> -1.
  int cuda_index() const {
    const std::string& device = compute_.device;
    if (device == "cpu" || device == "auto") return -1;
    std::optional<int> number = cuda_number(device);
    if (!number) fail_input(text("device is '", device, "'"), "expected auto, cpu or cuda:N");
    return *number;
  }
  bool native() const { return backend_.name == "native"; }
  std::string device_name() const { return !native() ? backend_name(backend_) : cuda_index() >= 0 ? "cuda" : "cpu"; }
  void refuse_with_backend() const {
    const std::string with = "--backend " + backend_.name;
    if (asks_exact()) fail_usage("--exact is computed by our own kernels, not with " + with, "leave one of the two out");
    if (cuda_index() >= 0) fail_usage(with + " computes on the cpu", "leave --device out");
    refuse_memory_limit(backend_, compute_);
  }
  void check_channels(int64_t wanted) const {
    if (source_.array->leading() != wanted) fail_input(text("the store has ", source_.array->leading(), " channels, the model reads ", wanted));
  }
  // Of a network of another program, which is compiled for windows of one size.
  void open_network(Extent window) {
    at::set_num_threads(plan_ && plan_->threads > 0 ? int(plan_->threads) : threads_);
    foreign_ = open_foreign(env_, file_, backend_, compute_precision(compute_, plan_ ? plan_->precision : "f32"), [&](Extent fixed) { return window.voxels() > 0 ? window : window_size(fixed); });
    check_channels(foreign_.channels);
    if (plan_ && (!(foreign_.margin == plan_->window->margin) || foreign_.classes.count() != int64_t(plan_->values.size())))
      fail_input(text("the network returns ", foreign_.classes.count(), " classes with a margin of ", to_string(foreign_.margin), ", the plan in '", out_, "' says otherwise"), "give another --out");
  }
  // Tile and twice the halo; what the file fixes may stand for one of the two.
  Extent window_size(Extent fixed) const {
    if (!settings_.find("halo")) fail_usage(text("how far '", file_, "' looks around a voxel is not known"), "give --halo Z,Y,X, half of its receptive field or more");
    if (!settings_.find("tile") && fixed.voxels() == 0) fail_usage(text("'", file_, "' does not fix the size of its tiles"), "give --tile Z,Y,X; with twice the --halo it must be a size that the network takes");
    Extent halo = extent_in(settings_, "halo", {}), tile = extent_in(settings_, "tile", fixed - halo - halo), size = tile + halo + halo;
    for (int axis = 0; axis < 3; ++axis)
      if (halo[axis] < 0 || tile[axis] < 1) fail_usage(text("a window of ", to_string(size), " with a halo of ", to_string(halo), " leaves a tile of ", to_string(tile)), "give a smaller --halo");
    return size;
  }
  // What joining takes beside what the process holds: slabs of labels become thinner under a limit.
  int64_t merge_bytes(int64_t slab_bytes) const { return label_levels_memory(source_.geometry, VoxelType::u8, plan_->tiles.block(), threads_, slab_bytes); }
  int64_t merge_slab_bytes() const {
    int64_t limit = compute_.max_memory_bytes;
    return limit > 0 ? std::clamp<int64_t>(limit - held_ - merge_bytes(0), 0, usual_label_slab) : usual_label_slab;
  }
  int64_t merge_bytes() const { return merge_bytes(merge_slab_bytes()); }
  void check_merge() const {
    if (int64_t limit = compute_.max_memory_bytes; limit > 0 && held_ + merge_bytes() > limit)
      fail(ErrorKind::budget, text("joining the labels needs ", bytes_text(held_ + merge_bytes()), ", the limit is ", bytes_text(limit)), "raise --max-memory");
  }
  CoreForward forward(ThreadPool& pool) {
    if (cuda_) return [this](const float* region, Extent size, const Box&, float* logits) { cuda_->forward({region, false, size}, logits, nullptr); };
    if (backend_.library) return core_forward(model_->network, *backend_.library, {plan_precision_ == "bf16", threads_});
    if (!native() || !msd_stack_node(model_->network.graph())) return {};
    const MsdModel& msd = msd_of("a stack of its own");
    return [tile = std::make_shared<MsdTile>(msd.network, msd.head, msd.reflect, plan_precision_ == "bf16", pool)](const float* region, Extent size, const Box& core, float* logits) { tile->forward(region, size, core, logits); };
  }
  std::string precision_name() const {
    if (asks_exact()) {
      if (compute_.precision == "bf16") fail_input("--exact computes in f32; precision bf16 was asked", "leave --precision out");
      return "f32";
    }
    if (cuda_index() >= 0) {
      if (compute_.precision == "f32") fail_input(text("device ", compute_.device, " computes stores in bf16; precision f32 was asked"), "leave --precision out, or use --device cpu");
      return "bf16";
    }
    return (compute_.precision == "auto" ? spec_.precision : compute_.precision) == "bf16" ? "bf16" : "f32";
  }
  bool asks_exact() const {
    const Value* exact = settings_.find("exact");
    return exact && exact->as_bool();
  }
  const MsdModel& msd_of(const std::string& what_for) {
    if (!msd_) msd_ = std::make_unique<MsdModel>(msd_model(model_->network, what_for));
    return *msd_;
  }
  int64_t exact_and_tile_io_bytes(const StoreTiles& tiles) const { return exact_io_bytes(tiles.tile(), threads_) + tile_io_bytes(tiles, threads_); }
  // What the maps of tiles may take beside what the process holds; 0: no limit.
  int64_t memory_for_maps(const StoreTiles& tiles) const {
    int64_t other = held_ + exact_and_tile_io_bytes(tiles), limit = compute_.max_memory_bytes;
    if (limit > 0 && limit <= other) fail(ErrorKind::budget, text("the process, chunks and labels alone take ", bytes_text(other), ", the limit is ", bytes_text(limit)), "raise --max-memory");
    return limit > 0 ? limit - other : 0;
  }
  // Groups are chosen once; workers with less memory than they need say so.
  void check_exact() {
    const MsdModel& msd = msd_of("--exact");
    exact_ = exact_plan_of(msd.network, plan_->tiles.volume(), plan_->tiles.tile(), msd.head.classes, plan_->exact_ends);
    exact_.reflect = msd.reflect;
    if (int64_t left = memory_for_maps(plan_->tiles); left > 0 && exact_.peak_bytes > left)
      fail(ErrorKind::budget, text("the groups of this plan take ", bytes_text(exact_.peak_bytes), " of feature maps, beside the process there are ", bytes_text(left)), "raise --max-memory, or give another --out for a plan of smaller groups");
  }
  void tell_exact(Value& result) const {
    info(text("exact: ", exact_.groups(), " groups of layers, ", exact_.arithmetic, " times the arithmetic of one pass, ", bytes_text(exact_.scratch_bytes), " of feature maps on disk"));
    result["exact_arithmetic"] = exact_.arithmetic, result["scratch_bytes"] = exact_.scratch_bytes;
  }
  void use_cuda() {
    int device = cuda_index() < 0 ? 0 : cuda_index(), there = cuda_devices();
    if (device >= there) fail_failure(text("device cuda:", device, " is not here; there are ", there), there == 0 ? "use --device cpu and another --out; tomograd doctor shows what was built" : "");
    const MsdModel& msd = msd_of("--device cuda");
    cuda_ = std::make_unique<MsdCuda>(msd.network, msd.head, msd.reflect, device);
    Extent region = largest_region(model_->network.graph(), plan_->tiles);
    int64_t need = region.voxels() * (cuda_->bytes_per_voxel() + 4 * msd.network.in_channels), unused = cuda_free_bytes(device);
    if (need > unused) fail(ErrorKind::budget, text("a tile with its halo, ", to_string(region), ", takes ", bytes_text(need), " on the device, which has ", bytes_text(unused), " free"), "give a smaller --tile and another --out");
  }
  int bytes_per_value() const { return plan_precision_ == "bf16" ? 2 : 4; }
  int64_t tile_bytes() const { return plan_->exact() ? exact_.peak_bytes + exact_and_tile_io_bytes(plan_->tiles) : store_tile_bytes(model_->network.graph(), plan_->tiles, bytes_per_value(), threads_); }

  void check_memory(const StoreTiles& tiles) { check_store_memory(model_->network.graph(), tiles, bytes_per_value(), threads_, held_, compute_.max_memory_bytes); }

  StorePlan read_plan() {
    StorePlan plan = parse_plan(read_text(env_, plan_path(out_)), plan_path(out_));
    auto refuse = [&](const std::string& what, const std::string& hint) { fail_input("the plan in '" + out_ + "' is for " + what, hint); };
    if (plan.model_digest != model_digest_) refuse(text("another model (", plan.model_digest, "), this one has ", model_digest_), "give the model it was made with, or another --out");
    if (plan.source_digest != source_.digest) refuse(text("another store (", plan.source_path, ", ", plan.source_digest, "), this one has ", source_.digest), "give that store, or another --out");
    if (plan.exact() != asks_exact()) refuse(plan.exact() ? "--exact" : "tiles with a halo", "give another --out");
    StoreTiles asked(plan.tiles.volume(), extent_in(settings_, "tile", plan.tiles.tile()), extent_in(settings_, "halo", plan.tiles.halo()));
    if (!(asked.tile() == plan.tiles.tile()) || !(asked.halo() == plan.tiles.halo()))
      refuse(text("tiles of ", to_string(plan.tiles.tile()), " with a halo of ", to_string(plan.tiles.halo()), ", asked for are ", to_string(asked.tile()), " and ", to_string(asked.halo())), "leave --tile and --halo out, or give another --out");
    if (compute_.precision != "auto" && compute_.precision != plan.precision) refuse(text("precision ", plan.precision, ", asked for is ", compute_.precision), "give another --out");
    if (compute_.device != "auto" && (cuda_index() >= 0) != (plan.device == "cuda")) refuse("device " + plan.device + ", asked for is " + compute_.device, "give another --out");
    if (native() ? !plan.own_kernels() : plan.device != device_name()) refuse((plan.own_kernels() ? "our own kernels" : "backend " + plan.device) + ", asked for is " + (native() ? "none" : device_name()), "give another --out, or its --backend");
    if (plan.window.has_value() == (model_ != nullptr)) refuse(plan.window ? "a network of another program" : "a model of tomograd", "give another --out");
    if (plan.window && !(*plan.window == window_asked(plan.window->size, plan.window->margin)))
      refuse(text("--normalize ", plan.window->normalize, " --activation ", plan.window->activation, " --axes ", plan.window->axes), "give these, or another --out");
    if (plan.threads > 0 && compute_.threads > 0 && plan.threads != compute_.threads) refuse(text(plan.threads, " threads, on which this network's bits depend; asked for are ", compute_.threads), "leave --threads out");
    return plan;
  }

  StoreWindow window_asked(Extent size, Extent margin) const { return {size, margin, backend_.normalize, backend_.activation, backend_.axes}; }

  StorePlan make_foreign_plan() {
    open_network({});
    Extent halo = extent_in(settings_, "halo", {});
    for (int axis = 0; axis < 3; ++axis)
      if (foreign_.margin[axis] > halo[axis])
        fail_usage(text("'", file_, "' returns ", foreign_.margin[axis], " voxels less along ", "zyx"[axis], " on each side, --halo is ", halo[axis]), "give a --halo of that much or more");
    StorePlan plan{StoreTiles(source_.array->size(), foreign_.size - halo - halo, halo), {}, {}, {}, {}, {}, {}, {}, 0, 0};
    plan.window = window_asked(foreign_.size, foreign_.margin);
    if (foreign_.classes.count() > 256) fail_input(text("the network has ", foreign_.classes.count(), " classes; stores of labels hold 0 to 255"));
    for (int64_t cls = 0; cls < foreign_.classes.count(); ++cls) plan.values.push_back(cls);
    plan.threads = threads_;
    return plan;
  }

  StorePlan make_own_plan() {
    const Graph& graph = model_->network.graph();
    Extent field = receptive_field(graph), halo;
    for (int axis = 0; axis < 3 && !asks_exact(); ++axis) halo[axis] = std::min(usual_halo, field[axis] / 2);
    if (asks_exact() || cuda_index() >= 0) msd_of(asks_exact() ? "--exact" : "--device cuda");  // refused before the pass over the volume
    if (asks_exact() && cuda_index() >= 0) fail_input("--exact computes on the cpu", "leave --device out");
    StorePlan plan{StoreTiles(source_.array->size(), extent_in(settings_, "tile", cube(usual_tile)), extent_in(settings_, "halo", halo)), {}, {}, {}, {}, {}, {}, {}, 0, 0};
    plan_precision_ = precision_name();
    if (asks_exact()) {                          // before the pass over the volume, as what is refused for its memory
      const MsdModel& msd = msd_of("--exact");
      plan.exact_ends = plan_exact(msd.network, plan.tiles.volume(), plan.tiles.tile(), msd.head.classes, memory_for_maps(plan.tiles)).ends;
    } else if (native()) {
      check_memory(plan.tiles);
    }
    plan.threads = native() && own_kernels_only(graph) ? 0 : threads_;
    plan.values = byte_values(classes_);
    return plan;
  }

  StorePlan make_plan() {
    StorePlan plan = model_ ? make_own_plan() : make_foreign_plan();
    plan.precision = precision_name(), plan.device = device_name();
    plan.model_digest = model_digest_, plan.source_path = absolute_path(source_.path), plan.source_digest = source_.digest;
    plan.isa = isa_name(current_isa());
    plan.seed = compute_.seed >= 0 ? compute_.seed : spec_.seed;
    ThreadPool pool(threads_);
    plan.channels = store_constants(source_, spec_.preprocess, pool, talk_.stop);
    return plan;
  }

  void use_plan() {
    plan_precision_ = plan_->precision;
    if (plan_->threads > 0) threads_ = int(plan_->threads);
    at::set_num_threads(threads_);
    if (model_) model_->network.use_fused(backend_.name != "torch"), model_->network.set_precision(plan_precision_ == "bf16" ? Precision::bf16 : Precision::f32);
    for (CpuIsa isa : all_isas)
      if (plan_->isa == isa_name(isa) && isa != current_isa()) with_context(text("the plan was made for ", plan_->isa, ", and other instructions may give other bits"), [&] { force_isa(isa); });
  }

  Env& env_;
  std::string file_;
  std::unique_ptr<LoadedModel> model_;           // none: a network of another program
  ForeignNetwork foreign_;                       // opened where it computes
  RunSpec spec_;
  ClassMap classes_;
  StoreSource source_;
  std::string out_, model_digest_, plan_precision_ = "f32";
  const Value& settings_;
  const BackendChoice& backend_;
  const ComputeOptions& compute_;
  const Talk& talk_;
  int threads_;
  int64_t held_ = 0;
  std::unique_ptr<StorePlan> plan_;
  std::unique_ptr<MsdModel> msd_;                // with plan_->exact() or a device
  ExactPlan exact_;
  std::unique_ptr<MsdCuda> cuda_;
};

}  // namespace

Value engine_predict_store(const std::string& model, const std::string& store, const std::string& out, const Value& settings, const BackendChoice& backend, const ComputeOptions& compute,
                           const Talk& talk) {
  return StoreJob(model, store, out, settings, backend, compute, talk).run();
}

}  // namespace tomograd
