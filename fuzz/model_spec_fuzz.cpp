// The [model] table to an architecture graph and what follows from it (sizes, memory, cost): models come from
// others, inside the metadata of a .safetensors file.
#include "arch/describe.h"
#include "arch/graph.h"
#include "fuzz/fuzz_target.h"
#include "spec/model_spec.h"
#include "spec/text_formats.h"

using namespace tomograd;

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  read_hostile(0, [&] {
    ModelSpec spec = spec_from<ModelSpec>(parse_toml(bytes_of(data, size), "x.toml"));
    if (spec.in_channels == 0) spec.in_channels = 2;
    if (spec.out_channels == 0) spec.out_channels = 3;
    if (spec.patch == cube(0)) spec.patch = default_patch(spec);
    Graph graph = build_graph(spec);
    if (graph.nodes.size() < 500) describe_graph(graph, spec.patch, 4096, true);
  });
  return 0;
}
