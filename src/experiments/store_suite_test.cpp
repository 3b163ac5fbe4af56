#include "experiments/postgres_host.h"
#include "experiments/sqlite_host.h"
#include "experiments/store_suite_claims.h"
#include "experiments/store_suite_trials.h"

namespace tomograd {

INSTANTIATE_TEST_SUITE_P(All, StoreSuite, ::testing::Values(StoreKind{"Sqlite", [] { return std::make_unique<SqliteHost>(); }}, postgres_kind()), store_kind_name);

}  // namespace tomograd
