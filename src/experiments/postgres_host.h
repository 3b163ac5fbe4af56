// A private PostgreSQL for tests: started with the first that asks for it, on a socket in a scratch folder that only we can
// reach, ended with the program. Its programs come from Debian's package, installed or unpacked into .slurm by scripts/setup.sh all.
#pragma once

#ifdef TOMOGRAD_LIBPQ
#include <fcntl.h>
#include <libpq-fe.h>
#include <pwd.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "experiments/postgres_store.h"
#include "experiments/store_suite.h"

namespace tomograd {

class PrivatePostgres {
 public:
  static std::string programs() {                // folder of initdb and postgres, "" = there is none
    for (const std::string& root : {std::string("/usr"), std::string(TOMOGRAD_SOURCE_DIR) + "/.slurm/usr"}) {
      std::error_code error;
      for (const auto& version : std::filesystem::directory_iterator(root + "/lib/postgresql", error))
        if (std::filesystem::exists(version.path() / "bin/initdb", error) && std::filesystem::exists(version.path() / "bin/postgres", error)) return (version.path() / "bin").string();
    }
    return {};
  }
  static PrivatePostgres& instance() {
    static PrivatePostgres one;
    return one;
  }
  ~PrivatePostgres() {
    stop(SIGINT);
    std::filesystem::remove_all(folder_);
  }
  std::string address(const std::string& schema) const { return "postgresql:///postgres?host=" + folder_ + "&user=tomograd&schema=" + schema; }

  void sql(const std::string& statements) const {
    PGconn* connection = PQconnectdb(("postgresql:///postgres?host=" + folder_ + "&user=tomograd").c_str());
    PQsetNoticeProcessor(connection, [](void*, const char*) {}, nullptr);
    PGresult* result = PQexec(connection, statements.c_str());
    ExecStatusType status = PQresultStatus(result);
    std::string message = PQerrorMessage(connection);
    PQclear(result);
    PQfinish(connection);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) throw std::runtime_error(message);
  }
  void stop(int signal) {                        // SIGINT = fast, SIGQUIT = at once, without writing anything down
    if (server_ <= 0) return;
    ::kill(server_, signal);
    ::waitpid(server_, nullptr, 0);
    server_ = 0;
  }
  void start() {
    server_ = spawn({programs() + "/postgres", "-D", folder_ + "/data", "-k", folder_, "-h", "", "-c", "fsync=on", "-c", "max_connections=50", "-c", "shared_buffers=32MB", "-c", "log_min_messages=fatal"}, true);
    for (int tries = 0; tries < 600; ++tries) {
      if (PQping(("postgresql:///postgres?host=" + folder_ + "&user=tomograd").c_str()) == PQPING_OK) return;
      if (::waitpid(server_, nullptr, WNOHANG) == server_) break;
      ::usleep(50'000);
    }
    throw std::runtime_error("PostgreSQL does not start: " + log());
  }

 private:
  PrivatePostgres() {
    char name[] = "/tmp/tomograd_pg_XXXXXX";
    folder_ = ::mkdtemp(name);
    if (::geteuid() == 0) {                      // PostgreSQL refuses to run as root
      const passwd* nobody = ::getpwnam("nobody");
      if (!nobody || ::chown(folder_.c_str(), nobody->pw_uid, nobody->pw_gid) != 0) throw std::runtime_error("no user nobody, as whom PostgreSQL could run");
      as_ = {"--reuid", std::to_string(nobody->pw_uid), "--regid", std::to_string(nobody->pw_gid), "--clear-groups"};
    }
    int status = 0;
    ::waitpid(spawn({programs() + "/initdb", "-D", folder_ + "/data", "-U", "tomograd", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"}, false), &status, 0);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) throw std::runtime_error("initdb failed: " + log());
    start();
  }

  std::string log() const {
    std::ifstream in(folder_ + "/log");
    return {std::istreambuf_iterator<char>(in), {}};
  }
  pid_t spawn(const std::vector<std::string>& command, bool ends_with_us) {
    std::vector<std::string> all = {"setpriv"};
    all.insert(all.end(), as_.begin(), as_.end());
    if (ends_with_us) all.insert(all.end(), {"--pdeathsig", "INT"});
    if (all.size() == 1) all.clear();
    all.insert(all.end(), command.begin(), command.end());
    std::vector<char*> argv;
    for (auto& argument : all) argv.push_back(argument.data());
    argv.push_back(nullptr);
    std::string library = "LD_LIBRARY_PATH=" + std::filesystem::path(programs()).parent_path().parent_path().parent_path().string() + "/x86_64-linux-gnu", path = std::string("PATH=") + std::getenv("PATH"), log = folder_ + "/log";
    bool unpacked = programs().rfind("/usr/", 0) != 0;
    char* envp[] = {path.data(), unpacked ? library.data() : nullptr, nullptr};
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 1, log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
    posix_spawn_file_actions_adddup2(&actions, 1, 2);
    pid_t pid = 0;
    int code = ::posix_spawnp(&pid, argv[0], &actions, nullptr, argv.data(), envp);
    posix_spawn_file_actions_destroy(&actions);
    if (code != 0) throw std::runtime_error(std::string(argv[0]) + " could not be started");
    return pid;
  }

  std::string folder_;
  std::vector<std::string> as_;
  pid_t server_ = 0;
};

class PostgresHost : public StoreHost {
 public:
  PostgresHost() {
    static int made = 0;
    PrivatePostgres::instance();                 // by this thread: the server ends with the one that started it
    schema_ = "t" + std::to_string(++made);
  }
  std::unique_ptr<TrialStore> open() override { return open_postgres_store(address(), system_clock(), {true, 120}); }
  void advance(double seconds) override {        // the server's time is its own, so the clock of this schema is set ahead
    ahead_ += int64_t(seconds * 1000);
    PrivatePostgres::instance().sql("CREATE OR REPLACE FUNCTION " + schema_ + ".lease_clock() RETURNS bigint LANGUAGE sql VOLATILE AS 'SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint + " +
                                    std::to_string(ahead_) + "'");
  }
  std::string address() const { return PrivatePostgres::instance().address(schema_); }
  const std::string& schema() const { return schema_; }

 private:
  std::string schema_;
  int64_t ahead_ = 0;
};

inline StoreKind postgres_kind() {
  StoreKind kind{"Postgres", [] { return std::make_unique<PostgresHost>(); }};
  if (PrivatePostgres::programs().empty()) kind.missing = "PostgreSQL's server is not installed here (scripts/setup.sh all unpacks it)";
  return kind;
}

}  // namespace tomograd
#else
#include "experiments/store_suite.h"
namespace tomograd {
inline StoreKind postgres_kind() { return {"Postgres", {}, "this build has no libpq"}; }
}  // namespace tomograd
#endif
