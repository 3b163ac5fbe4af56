// What is true of PostgreSQL alone; what is true of every store is in store_suite.h.
#include "experiments/postgres_host.h"

#include <thread>

#include "base/error.h"

namespace tomograd {
namespace {

std::string refusal(const std::string& address) {
  try {
    parse_postgres_address(address);
  } catch (const Error& error) {
    return error.message();
  }
  return {};
}

TEST(PostgresAddress, NamesASchemaAndHidesThePassword) {
  PostgresAddress address = parse_postgres_address("postgresql://ann:secret@db:5433/lab?sslmode=require&schema=knee_7");
  EXPECT_EQ(address.connection, "postgresql://ann:secret@db:5433/lab?sslmode=require");
  EXPECT_EQ(address.schema, "knee_7");
  EXPECT_EQ(address.shown, "postgresql://ann@db:5433/lab?schema=knee_7");
  EXPECT_EQ(parse_postgres_address("postgres://db/lab?schema=a").connection, "postgres://db/lab");
  EXPECT_NE(refusal("postgresql://ann:secret@db/lab").find("names no schema"), std::string::npos);
  EXPECT_EQ(refusal("postgresql://ann:secret@db/lab").find("secret"), std::string::npos);
  for (const char* name : {"Upper", "1st", "a-b", "a\"b", "pg_own", "a;b"}) EXPECT_NE(refusal(std::string("postgresql://db/lab?schema=") + name), "") << name;
}

#ifdef TOMOGRAD_LIBPQ
class PostgresFile : public StoreSuite {};       // its helpers, on PostgreSQL alone

TEST_P(PostgresFile, StrangersAndNewerSchemasAreRefusedAndLeftAlone) {
  auto& host = static_cast<PostgresHost&>(*host_);
  auto& server = PrivatePostgres::instance();
  std::string message;
  EXPECT_EQ(kind_of([&] { open_postgres_store(host.address(), system_clock()); }, &message), ErrorKind::input);
  EXPECT_NE(message.find("there is no such schema"), std::string::npos) << message;
  server.sql("CREATE SCHEMA " + host.schema() + "; CREATE TABLE " + host.schema() + ".other(a int)");
  EXPECT_EQ(kind_of([&] { open(); }, &message), ErrorKind::input);
  EXPECT_NE(message.find("another program"), std::string::npos) << message;
  server.sql("DROP TABLE " + host.schema() + ".other");
  made(1);
  server.sql("UPDATE " + host.schema() + ".store_version SET version = 4");
  EXPECT_EQ(kind_of([&] { open(); }, &message), ErrorKind::input);
  EXPECT_NE(message.find("newer version"), std::string::npos) << message;
}

TEST_P(PostgresFile, ASchemaOfVersion2GetsItsIndex) {
  auto& host = static_cast<PostgresHost&>(*host_);
  made(2);
  PrivatePostgres::instance().sql("DROP INDEX " + host.schema() + ".attempt_lease; DELETE FROM " + host.schema() + ".store_version; INSERT INTO " + host.schema() + ".store_version VALUES (2)");
  EXPECT_EQ(open()->claim("a", "1")->trial, 1);
  EXPECT_THROW(PrivatePostgres::instance().sql("CREATE INDEX attempt_lease ON " + host.schema() + ".attempt(boot)"), std::runtime_error) << "it is there again";
  EXPECT_EQ(open()->counts().running, 1);
}

TEST_P(PostgresFile, ManyMakeTheSchemaAtOnce) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) threads.emplace_back([&] { EXPECT_FALSE(open()->experiment()); });
  for (auto& thread : threads) thread.join();
}

TEST_P(PostgresFile, AServerThatIsNotThereIsSaidAfterPatience) {
  std::string message;
  EXPECT_EQ(kind_of([&] { open_postgres_store("postgresql:///x?host=/nowhere/at/all&schema=a", system_clock(), {true, 0.1}); }, &message), ErrorKind::input);
  EXPECT_NE(message.find("/nowhere/at/all"), std::string::npos) << message;
}

TEST_P(PostgresFile, WhatAProgramWroteIsKeptAsValidText) {
  auto store = made(1, 1);
  store->fail(*store->claim("a", "1"), std::string("bytes \xff\xc3( \0 \xc3\xa4 \xed\xa0\x80", 18), false, "2");
  EXPECT_EQ(store->trials()[0].reason, "bytes \?\?( \? \xc3\xa4 \?\?\?");
}

// The connection is ended under the client in every way; what it had asked for happens once.
TEST_P(PostgresFile, ABrokenConnectionIsMadeAnewAndNothingHappensTwice) {
  auto& host = static_cast<PostgresHost&>(*host_);
  auto store = made(200);
  std::atomic<int> done = 0;                     // the next break comes after the next success, so that there is an end
  std::jthread breaker([&](std::stop_token end) {
    for (int last = -1; !end.stop_requested(); ::usleep(useconds_t(1000 + 700 * (last % 7)))) {
      if (done == last) continue;
      last = done;
      PrivatePostgres::instance().sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'tomograd' AND pid <> pg_backend_pid()");
    }
  });
  auto other = open();
  for (int i = 0; i < 100; ++i) {
    auto claim = store->claim("a", text("c", i));
    ASSERT_TRUE(claim);
    EXPECT_TRUE(other->heartbeat(*claim, 0.5));
    store->complete(*claim, outcome(double(claim->trial)), text("e", i));
    if (i % 10 == 0) store->note(0, text("note ", i));
    ++done;
  }
  breaker.request_stop(), breaker.join();
  EXPECT_EQ(store->counts().complete, 100);
  EXPECT_EQ(store->counts().waiting, 100);
  for (const auto& trial : store->trials()) EXPECT_EQ(trial.attempts, trial.number <= 100 ? 1 : 0) << trial.number;
  EXPECT_EQ(notes_of(*store).size(), 10u);
  EXPECT_EQ(host.open()->counts().total(), 200);
}

TEST_P(PostgresFile, AServerThatCrashesLosesNothingThatWasAcknowledged) {
  auto store = made(20);
  auto& server = PrivatePostgres::instance();
  for (int round = 0; round < 2; ++round) {
    std::vector<Claim> claims = store->claim_some("a", text("c", round), 10);
    ASSERT_EQ(claims.size(), 10u);
    for (const Claim& claim : claims) store->complete(claim, outcome(1), text("e", claim.trial));
    server.stop(SIGQUIT);
    std::jthread waiting([&] { EXPECT_EQ(store->counts().complete, 10 * (round + 1)); });
    ::usleep(100'000);
    server.start();                              // in this thread, with whose end the server would end
  }
}

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(PostgresFile);
INSTANTIATE_TEST_SUITE_P(All, PostgresFile, ::testing::Values(postgres_kind()), store_kind_name);
#endif

}  // namespace
}  // namespace tomograd
