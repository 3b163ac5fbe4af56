// A training case whose files are block stores, opened without reading its volumes: blocks are decoded when patches are cut from
// them. Patches are those of the same volumes read by prepare_case(), bit for bit (stored_intensities.h says with which exception).
#pragma once

#include <memory>

#include "base/parallel.h"
#include "dataset/label_index.h"
#include "dataset/prepared_case.h"
#include "volume/block_store_source.h"

namespace tomograd {

struct StoredCase {
  PreparedCase prepared;                         // images, labels and ROI are empty: they stay where they are
  LabelIndex index;                              // of no class when the case has no label
  std::unique_ptr<StoreBlocks> blocks;           // must outlive the index
};

bool is_stored(const Case& item);                // one of its files is in a store

// Streams the used channels for their statistics and the label blocks for their rows (stored_labels.h); what is kept in memory does
// not grow with the images. Error(input) as prepare_case(), and in one sentence that names the setting for what stores cannot do:
// preprocess.crop, preprocess.spacing other than the store's, a ROI; files that are not all stores, or of unlike blocks.
StoredCase open_stored_case(Env& env, const Dataset& dataset, const Case& item, const PreprocessSpec& spec, const ClassMap& classes, std::shared_ptr<BlockCache> cache, ThreadPool& pool);

}  // namespace tomograd
